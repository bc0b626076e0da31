// The life of an event as a pure state machine.

/// Where an event can fail.
public enum EventStage: String, Hashable, Sendable, CaseIterable { case receiving, processing, delivering }

/// Why an event failed, in words for a person.
public struct EventFailure: Hashable, Sendable {
    public let stage: EventStage
    public let reason: String
    /// Whether trying again can help.
    public let retryable: Bool

    public init(stage: EventStage, reason: String, retryable: Bool) {
        self.stage = stage
        self.reason = reason
        self.retryable = retryable
    }
}

/// `recording → uploaded → queued → processing → done`, or `failed`, or `dropped`.
public enum EventState: Hashable, Sendable {
    case recording
    case uploaded
    case queued
    case processing
    case done
    case failed(EventFailure)
    case dropped(reason: String)

    public enum Input: Hashable, Sendable {
        /// All bytes of the clip are on disk.
        case received
        /// A job for it is in the database.
        case enqueued
        /// A worker leased that job.
        case started
        /// The job went back to the queue (worker gone, or failed and to be retried).
        case requeued
        /// The result is written.
        case finished
        case failed(EventFailure)
        case dropped(reason: String)
        /// A person asked to try again.
        case retried
        /// A sensor came back to a clip that had been closed without it, or that it had kept.
        case resumed
        /// The stills are all there is to it for now: the clip stays where it is.
        case kept
    }

    /// The state after `input`, or `nil` when that cannot happen in this state: the caller changes nothing then.
    public func after(_ input: Input) -> EventState? {
        switch (self, input) {
        case (.recording, .received): .uploaded
        case (.recording, .kept): .done
        case (.uploaded, .enqueued): .queued
        case (.queued, .started), (.processing, .started): .processing
        case (.processing, .requeued): .queued
        case (.processing, .finished): .done
        case (.failed(let failure), .retried) where failure.retryable: .queued
        // Whether the clip is incomplete, the event knows.
        case (.done, .resumed), (.failed, .resumed): .recording
        case (.recording, .failed(let failure)), (.uploaded, .failed(let failure)), (.queued, .failed(let failure)),
            (.processing, .failed(let failure)):
            .failed(failure)
        case (.recording, .dropped(let reason)), (.uploaded, .dropped(let reason)), (.queued, .dropped(let reason)),
            (.processing, .dropped(let reason)):
            .dropped(reason: reason)
        default: nil
        }
    }

    /// The word on the wire and in the database.
    public var name: String {
        switch self {
        case .recording: "recording"
        case .uploaded: "uploaded"
        case .queued: "queued"
        case .processing: "processing"
        case .done: "done"
        case .failed: "failed"
        case .dropped: "dropped"
        }
    }

    /// All words that `name` can be.
    public static let names = ["recording", "uploaded", "queued", "processing", "done", "failed", "dropped"]

    /// Nothing happens to it any more by itself.
    public var isFinal: Bool {
        switch self {
        case .done, .failed, .dropped: true
        case .recording, .uploaded, .queued, .processing: false
        }
    }
}
