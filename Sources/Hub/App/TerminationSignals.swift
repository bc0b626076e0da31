// SIGTERM and SIGINT as something to wait for.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

/// Written by the signal handler, which may do little else; read on a thread of its own. Set once, before the handler is installed.
nonisolated(unsafe) private var wakeDescriptor: Int32 = -1

/// Catches the two signals for the process (sigaction). Blocking them would not do: Swift's threads may have started before.
struct TerminationSignals {
    private let stream: AsyncStream<Void>

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made")
        wakeDescriptor = ends[1]
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        let descriptor = ends[0]
        startThread(name: "signals") {
            var isFirst = true
            while true {
                var byte: UInt8 = 0
                guard read(descriptor, &byte, 1) == 1 else { continue }
                // Whoever asks twice does not want to wait for the clean end.
                if !isFirst { _exit(130) }
                isFirst = false
                continuation.yield()
            }
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            var byte: UInt8 = 1
            _ = write(wakeDescriptor, &byte, 1)
        }
        action.sa_flags = Int32(SA_RESTART)
        sigaction(SIGTERM, &action, nil)
        sigaction(SIGINT, &action, nil)
    }

    /// Returns when one has come.
    func wait() async {
        for await _ in stream { return }
    }
}
