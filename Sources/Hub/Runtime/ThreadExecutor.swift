// A thread of one's own as an actor's executor, for code that blocks (SQLite, files, libcurl, libav).

internal import CThreads

/// Runs jobs one after another on one dedicated thread, so that blocking calls never sit on Swift's cooperative pool.
///
/// The thread lives until `stop()` or until the last reference is gone; jobs already queued still run.
public final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    public init(name: String) {
        let queue = JobQueue()
        self.queue = queue
        startThread(name: name) {
            // Where cores are few, a thread that is woken for each job would interrupt the loop each time; so it finds several at once. One
            // that the system schedules as usual does the same work.
            _ = pw_schedule_as_batch()
            queue.runUntilStopped()
        }
    }

    deinit { queue.stop() }

    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), on: self)
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    public func checkIsolated() { precondition(queue.isCurrentThread, "not on this executor's thread") }
    public func isIsolatingCurrentContext() -> Bool? { queue.isCurrentThread }
}

/// A fixed number of threads for blocking work that is not bound to one of them.
public final class ThreadPool: Sendable {
    private let workers: [Worker]
    private let balance: LeastBusy

    public init(name: String, threads: Int) {
        precondition(threads > 0)
        workers = (0..<threads).map { Worker(ThreadExecutor(name: "\(name)-\($0)")) }
        balance = LeastBusy(count: threads)
    }

    /// Runs `body` on one of the threads.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await balance.pick { try await workers[$0].run(body) }
    }

    private actor Worker {
        private nonisolated let executor: ThreadExecutor
        init(_ executor: ThreadExecutor) { self.executor = executor }
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        func run<Value: Sendable>(_ body: @Sendable () throws -> Value) throws -> Value { try body() }
    }
}

/// Starts a detached POSIX thread (pthread_create) that runs `body`.
public func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // libav's software scalers and encoders use more stack than small defaults give.
    pthread_attr_setstacksize(&attributes, 4 << 20)
    var thread: pthread_t = 0
    let status = pthread_create(&thread, &attributes, runThread, box.toOpaque())
    pthread_attr_destroy(&attributes)
    precondition(status == 0, "pthread_create failed: \(status)")
}

private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let thread = Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue()
    _ = pthread_setname_np(pthread_self(), String(thread.name.prefix(15)))
    thread.body()
    return nil
}
