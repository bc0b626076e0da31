// Who is to be alerted of an event, and when.

public import Domain
public import Runtime
public import Store

/// Makes the rows by which alerts are promised; the delivery workers keep the promise.
public struct AlertPlanner: Sendable {
    private let store: Store
    /// Those that this installation can use.
    private let channels: Set<Delivery.Channel>
    private let deadlineSeconds: Double
    private let clock: WallClock

    public init(store: Store, channels: Set<Delivery.Channel>, deadlineSeconds: Double, clock: WallClock) {
        self.store = store
        self.channels = channels
        self.deadlineSeconds = deadlineSeconds
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    public var deadline: Timestamp { now.advanced(bySeconds: deadlineSeconds) }

    /// There is a picture of the trigger: those who want it at once get it.
    public func planStill(_ event: Event, in scope: AccountScope) async throws {
        guard !event.state.isFinal, channels.contains(.telegram) else { return }
        let targets = try await store.targets.list(device: event.device, in: scope)
        try await plan(event, .still, targets.filter { $0.channel == .telegram && $0.wantsStill }.map(Self.recipient), in: scope)
    }

    /// The event has come to its end: everybody is told who is to be told, and messages that were begun are completed.
    public func planClip(_ event: Event, in scope: AccountScope) async throws {
        var recipients = try await store.deliveries.list(event: event.id, in: scope).filter { !$0.state.isFinal }.map {
            Deliveries.Recipient(channel: $0.channel, target: $0.target)
        }
        if event.state == .done, event.analysis?.shouldNotify == true {
            recipients += try await store.targets.list(device: event.device, in: scope).map(Self.recipient)
            recipients.append(.webhook)
        }
        var seen: Set<Deliveries.Recipient> = []
        try await plan(event, .clip, recipients.filter { channels.contains($0.channel) && seen.insert($0).inserted }, in: scope)
    }

    /// People are told of a camera itself. Nothing happens when its session is not active any more.
    public func tell(
        _ events: [Event], _ memory: DeviceHealth.Memory, of device: DeviceID, during session: SessionID, in scope: AccountScope
    ) async throws {
        let milliseconds = now.milliseconds
        try await store.health.tell(
            events, memory, of: device, during: session, channels: channels, deadline: deadline, in: scope, now: now
        ) { makeUUIDv7(milliseconds: milliseconds) }
    }

    private static func recipient(_ target: AlertTarget) -> Deliveries.Recipient {
        Deliveries.Recipient(channel: target.channel, target: target.address)
    }

    private func plan(_ event: Event, _ stage: Delivery.Stage, _ recipients: [Deliveries.Recipient], in scope: AccountScope) async throws {
        guard !recipients.isEmpty else { return }
        let milliseconds = now.milliseconds
        _ = try await store.deliveries.plan(event, stage: stage, recipients: recipients, deadline: deadline, in: scope, now: now) {
            makeUUIDv7(milliseconds: milliseconds)
        }
    }
}
