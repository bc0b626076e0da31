import Domain
import Testing

struct EventStateTests {
    private static let failure = EventFailure(stage: .processing, reason: "no", retryable: false)
    private static let passing = EventFailure(stage: .processing, reason: "busy", retryable: true)
    private static let states: [EventState] = [
        .recording, .uploaded, .queued, .processing, .done, .failed(failure), .failed(passing), .dropped(reason: "stopped"),
    ]
    private static let inputs: [EventState.Input] = [
        .received, .enqueued, .started, .requeued, .finished, .failed(failure), .dropped(reason: "x"), .retried, .resumed, .kept,
    ]

    /// What each input makes of each state; nothing where there is no line.
    private static let expected: [EventState: [EventState.Input: EventState]] = [
        .recording: [.received: .uploaded, .kept: .done, .failed(failure): .failed(failure), .dropped(reason: "x"): .dropped(reason: "x")],
        .uploaded: [.enqueued: .queued, .failed(failure): .failed(failure), .dropped(reason: "x"): .dropped(reason: "x")],
        .queued: [.started: .processing, .failed(failure): .failed(failure), .dropped(reason: "x"): .dropped(reason: "x")],
        .processing: [
            .started: .processing, .requeued: .queued, .finished: .done, .failed(failure): .failed(failure),
            .dropped(reason: "x"): .dropped(reason: "x"),
        ],
        .done: [.resumed: .recording],
        .failed(failure): [.resumed: .recording],
        .failed(passing): [.retried: .queued, .resumed: .recording],
    ]

    @Test func `every pair of state and input`() {
        for state in Self.states {
            for input in Self.inputs { #expect(state.after(input) == Self.expected[state]?[input], "\(state) \(input)") }
        }
    }

    @Test func `names are those of the wire, and what is final goes on only when a person or the sensor asks`() {
        #expect(Set(Self.states.map(\.name)) == Set(EventState.names))
        for state in Self.states where state.isFinal {
            for input in Self.inputs where ![.retried, .resumed].contains(input) { #expect(state.after(input) == nil) }
        }
    }
}
