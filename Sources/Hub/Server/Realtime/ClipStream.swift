// A clip on its way from a sensor to the disk.

import Domain
import Loop
import Store

/// Touched by `RealtimeHub` only. Frames gather here while the ones before are being written.
final class ClipStream {
    let stream: UInt32
    let event: EventID
    /// Whose it is.
    let device: DeviceID
    let scope: AccountScope
    let writer: ClipLogWriter
    var receiver: ClipReceiver
    var isWriting = false
    /// When the first frame came, of a clip that had none before.
    var firstByteAt: Timestamp?
    /// Why it came to an end before its time; nothing more is taken then.
    var failure: String?
    private var pending: [[UInt8]] = []
    private var pendingPayloadBytes = 0
    private var drained: [CheckedContinuation<Void, Never>] = []

    init(stream: UInt32, event: EventID, device: DeviceID, scope: AccountScope, writer: ClipLogWriter, receiver: ClipReceiver) {
        self.stream = stream
        self.event = event
        self.device = device
        self.scope = scope
        self.writer = writer
        self.receiver = receiver
    }

    var key: RealtimeHub.ClipKey { RealtimeHub.ClipKey(account: scope.account, event: event) }

    /// Queues a message (header and payload) as a record of the clip log.
    func append(_ message: UnsafeRawBufferPointer) {
        pending.append(ClipLog.record(message: message))
        pendingPayloadBytes += message.count - FrameHeader.size
    }

    /// What is to be written next; `nil` when nothing is left.
    func takeBatch() -> (records: [[UInt8]], payloadBytes: Int)? {
        guard !pending.isEmpty else { return nil }
        defer {
            pending = []
            pendingPayloadBytes = 0
        }
        return (pending, pendingPayloadBytes)
    }

    /// Waits until everything is on disk, or the stream has failed.
    func untilDrained(isolation: isolated (any Actor)? = #isolation) async {
        guard failure == nil, isWriting || !pending.isEmpty else { return }
        await withCheckedContinuation { drained.append($0) }
    }

    func wakeWaiters() {
        let waiters = drained
        drained = []
        for waiter in waiters { waiter.resume() }
    }
}
