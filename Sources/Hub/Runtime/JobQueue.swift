// The queue between an executor and its thread.

internal import CThreads

/// First in, first out, from any thread to one. Apart from the executor so that a thread does not keep its executor alive.
public final class JobQueue: @unchecked Sendable {
    // @unchecked: `jobs`, `stopped` and `thread` are only touched with `mutex` held.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let ready = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// With their executor, which the last of its jobs may otherwise outlive.
    private var jobs: [(job: UnownedJob, executor: any SerialExecutor)] = []
    private var stopped = false
    private var thread: pthread_t?

    public init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(ready, nil)
    }

    deinit {
        pthread_cond_destroy(ready)
        pthread_mutex_destroy(mutex)
        ready.deallocate()
        mutex.deallocate()
    }

    /// Whether this is the thread that runs the jobs.
    public var isCurrentThread: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard let thread else { return false }
        return pthread_equal(thread, pthread_self()) != 0
    }

    /// Returns whether the queue was empty, so that whoever sleeps elsewhere than in `runUntilStopped` is woken once a batch.
    @discardableResult
    public func append(_ job: UnownedJob, on executor: any SerialExecutor) -> Bool {
        pthread_mutex_lock(mutex)
        let wake = jobs.isEmpty
        jobs.append((job, executor))
        pthread_mutex_unlock(mutex)
        if wake { pthread_cond_signal(ready) }
        return wake
    }

    /// Makes the calling thread the one that runs the jobs.
    public func adoptCurrentThread() {
        pthread_mutex_lock(mutex)
        thread = pthread_self()
        pthread_mutex_unlock(mutex)
    }

    /// Runs what is queued now, and nothing that comes meanwhile.
    public func drain() {
        pthread_mutex_lock(mutex)
        let batch = jobs
        jobs = []
        pthread_mutex_unlock(mutex)
        for (job, executor) in batch { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }

    /// Ends `runUntilStopped` once the queue is empty.
    public func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(ready)
    }

    /// Returns `false` when there is nothing left to wait for.
    private func waitForJobs() -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty && !stopped { pthread_cond_wait(ready, mutex) }
        return !jobs.isEmpty
    }

    /// Runs jobs as they come, sleeping between them.
    public func runUntilStopped() {
        adoptCurrentThread()
        while waitForJobs() { drain() }
    }
}
