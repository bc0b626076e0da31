// SIGTERM and SIGINT as something to wait for, and SIGHUP where somebody asks for it.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

/// Written by the signal handler, which may do little else; read on a thread of its own. Set once, before the handler is installed.
nonisolated(unsafe) private var wakeDescriptor: Int32 = -1

/// Catches the two signals for the process (sigaction). Blocking them would not do: Swift's threads may have started before.
struct TerminationSignals {
    private let stream: AsyncStream<Void>
    private let hangups: AsyncStream<Void>
    private let patience = LockedValue(Configuration.defaultStopSeconds)

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made")
        wakeDescriptor = ends[1]
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        let (hangups, hangupContinuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.hangups = hangups
        let descriptor = ends[0], patience = patience
        startThread(name: "signals") {
            var isFirst = true
            while true {
                var byte: UInt8 = 0
                guard read(descriptor, &byte, 1) == 1 else { continue }
                if byte == UInt8(SIGHUP) {
                    hangupContinuation.yield()
                    continue
                }
                // Whoever asks twice does not want to wait for the clean end.
                if !isFirst { _exit(130) }
                isFirst = false
                Self.end(after: patience.withLock { $0 }, by: Int32(byte))
                continuation.yield()
            }
        }
        Self.catch(SIGTERM)
        Self.catch(SIGINT)
    }

    /// How long the end of the process may take from a signal on.
    func limitEnd(toSeconds seconds: Double) { patience.withLock { $0 = seconds } }

    /// A disk, a database or a decoder that does not come back must not keep the process: a service manager would kill it in the end. On a thread of
    /// its own, which waits for nobody. What had not been done is done after the next start, as after a crash.
    private static func end(after seconds: Double, by number: Int32) {
        startThread(name: "end") {
            let clock = MonotonicClock.system, limit = clock.milliseconds + Int64(seconds * 1000)
            // Other signals wake it.
            while case let left = limit - clock.milliseconds, left > 0 { poll(nil, 0, Int32(left)) }
            // Whoever reads the log may have stopped to.
            var output = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            if poll(&output, 1, 0) > 0 {
                Log("hub").warning("the end took too long; what is not done yet is done after the next start", ["seconds": String(seconds)])
            }
            // As if nobody had caught it.
            var action = sigaction()
            action.__sigaction_handler.sa_handler = SIG_DFL
            sigaction(number, &action, nil)
            kill(getpid(), number)
        }
    }

    private static func `catch`(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(wakeDescriptor, &byte, 1)
        }
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }

    /// Each SIGHUP from now on. Without this call it ends the process, as a terminal that is closed should.
    func catchHangups() -> AsyncStream<Void> {
        Self.catch(SIGHUP)
        return hangups
    }

    /// Returns when one has come.
    func wait() async {
        for await _ in stream { return }
    }
}
