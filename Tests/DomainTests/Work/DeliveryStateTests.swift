import Domain
import Testing

struct DeliveryStateTests {
    private static let now = Timestamp(milliseconds: 1_000_000)

    private func delivery(_ state: Delivery.State, wanted: Delivery.Stage = .clip, reached: Delivery.Stage? = nil, message: String? = nil) -> Delivery {
        Delivery(
            id: DeliveryID(trusted: "d"), event: EventID(trusted: "e"), device: DeviceID(trusted: "c"), channel: .telegram, target: "1",
            state: state, wanted: wanted, reached: reached ?? (state == .sent ? .clip : nil), attempts: 1, message: message, createdAt: Self.now,
            updatedAt: Self.now, deadline: Self.now)
    }

    private static let inputs: [(String, Delivery.Input)] = [
        ("begun", .begun), ("delivered", .delivered(.clip, message: "1")), ("still", .delivered(.still, message: "1")),
        ("postponed", .postponed(reason: "r", statusCode: 500, mayHaveArrived: false)), ("givenBack", .givenBack),
        ("failed", .failed(reason: "r", statusCode: 400)), ("expired", .expired), ("suppressed", .suppressed(reason: "r")),
        ("completed", .completed), ("gone", .messageGone), ("retried", .retried(deadline: now)),
    ]

    /// What each input makes of each state; nothing where there is no entry.
    private static let expected: [Delivery.State: [String: Delivery.State]] = [
        .pending: ["begun": .sending, "expired": .expired, "suppressed": .suppressed],
        .retry: ["begun": .sending, "expired": .expired, "suppressed": .suppressed],
        .sending: [
            "begun": .sending, "delivered": .sent, "still": .pending, "postponed": .retry, "givenBack": .pending, "failed": .failed,
            "expired": .expired, "suppressed": .suppressed, "gone": .sending,
        ],
        .failed: ["retried": .pending],
        .expired: ["retried": .pending],
    ]

    @Test func `every pair of state and input`() {
        for state in Delivery.State.allCases {
            for (name, input) in Self.inputs {
                #expect(delivery(state).after(input, at: Self.now)?.state == Self.expected[state]?[name], "\(state) \(name)")
            }
        }
    }

    @Test func `only an alert that waits for its clip can be completed`() {
        for state in Delivery.State.allCases {
            let completed = delivery(state, wanted: .still).after(.completed, at: Self.now)
            #expect(completed?.wanted == (state.isFinal ? nil : .clip))
        }
    }

    @Test func `a repeat is marked when nobody knows, but not when a message is only edited`() {
        #expect(delivery(.sending).after(.begun, at: Self.now)?.possibleRepeat == true)
        #expect(delivery(.sending, message: "5").after(.begun, at: Self.now)?.possibleRepeat == false)
        let lost = Delivery.Input.postponed(reason: "r", statusCode: nil, mayHaveArrived: true)
        #expect(delivery(.sending).after(lost, at: Self.now)?.possibleRepeat == true)
        #expect(delivery(.sending, message: "5").after(lost, at: Self.now)?.possibleRepeat == false)
        let refused = Delivery.Input.postponed(reason: "r", statusCode: 429, mayHaveArrived: false)
        #expect(delivery(.sending).after(refused, at: Self.now)?.possibleRepeat == false)
    }

    @Test func `what has been sent is not due again`() {
        #expect(!delivery(.pending, wanted: .still, reached: .still).isDue)
        #expect(delivery(.pending, wanted: .clip, reached: .still).isDue)
        #expect(delivery(.pending, wanted: .still).isDue)
        #expect(delivery(.pending, wanted: .still, reached: .still).after(.begun, at: Self.now) == nil)
    }

    @Test func `a target says why it gets no alert`() {
        let target = AlertTarget(device: DeviceID(trusted: "c"), channel: .telegram, address: "1", createdAt: Self.now)
        #expect(target.suppression(at: Self.now, lastDelivered: nil, cooldownSeconds: 60) == nil)
        let before = Self.now.advanced(bySeconds: -59)
        #expect(target.suppression(at: Self.now, lastDelivered: before, cooldownSeconds: 60)?.hasPrefix("cooldown") == true)
        #expect(target.suppression(at: Self.now, lastDelivered: before, cooldownSeconds: 59) == nil)
        #expect(target.suppression(at: Self.now, lastDelivered: before, cooldownSeconds: 0) == nil)
        var snoozed = target
        snoozed.snoozedUntil = Self.now.advanced(bySeconds: 1)
        #expect(snoozed.suppression(at: Self.now, lastDelivered: nil, cooldownSeconds: 0) == "snoozed")
        // What is told of a camera itself is held back by no cooldown, and that it is away by nothing.
        for importance in [AlertImportance.raised, .highest] {
            #expect(target.suppression(at: Self.now, lastDelivered: before, cooldownSeconds: 60, importance: importance) == nil)
        }
        #expect(snoozed.suppression(at: Self.now, lastDelivered: nil, cooldownSeconds: 0, importance: .raised) == "snoozed")
        #expect(snoozed.suppression(at: Self.now, lastDelivered: before, cooldownSeconds: 60, importance: .highest) == nil)
        #expect(snoozed.suppression(at: Self.now.advanced(bySeconds: 1), lastDelivered: nil, cooldownSeconds: 0) == nil)
    }
}
