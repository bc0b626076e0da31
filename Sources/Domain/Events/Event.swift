// One event: something that made a sensor record a clip.

/// How the clip's bytes reach the hub.
public enum ClipSource: String, Hashable, Sendable {
    /// Streamed over the socket while it is recorded.
    case stream
    /// Uploaded whole over HTTP.
    case upload
    /// Stored elsewhere by the client; the hub has its address only.
    case external
    /// There is none, nor will there be: people are told something of the camera itself (`DeviceNotice`).
    case notice
}

/// What set the event off, or happened during it.
public struct Trigger: Hashable, Sendable {
    /// `motion`, `sound`, `tamper`, `manual`, or another word of `a–z _`, at most 32 characters.
    public let type: String
    public let at: Timestamp
    /// The trigger's own measure (for motion: share of the picture that moved, 0…1), if it has one.
    public let score: Double?

    public init(type: String, at: Timestamp, score: Double? = nil) {
        self.type = type
        self.at = at
        self.score = score
    }

    /// So many of one event are told apart.
    public static let maximumCauses = 8

    public static func isValidType(_ type: String) -> Bool {
        (1...32).contains(type.utf8.count)
            && type.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
    }
}

/// Where a clip is of which stills came first.
public enum ClipState: String, Hashable, Sendable {
    /// The hub looks at the stills.
    case preview
    /// The phone has it; the hub did not want it.
    case onDevice = "on_device"
    /// Somebody wants it after all; alerts there are none of it.
    case requested
    /// The phone had it and has it no more: the stills are all there will be. `Clip.problem` says why.
    case gone
}

/// The clip as the hub has it. Keys name objects of the clip storage.
public struct Clip: Hashable, Sendable {
    /// Container type, such as `video/mp4`; empty where there is no clip.
    public var mime: String
    public var sizeBytes: Int64
    public var durationSeconds: Double?
    public var width: Int?
    public var height: Int?
    /// Key of the playable file; `nil` while there is none.
    public var key: String?
    /// Strong validator of that file's bytes, without quotes.
    public var etag: String?
    public var posterKey: String?
    public var thumbnailKey: String?
    /// Where a client keeps it (`ClipSource.external`).
    public var externalURI: String?
    /// It was closed without its sensor, which may still bring the rest.
    public var isIncomplete = false
    /// What is wrong with the clip although the event goes on, in words.
    public var problem: String?

    /// `nil` where no stills came first, and once the clip is here.
    public var state: ClipState?
    /// How many stills of it are kept.
    public var stills = 0

    /// It is on the phone, which may still bring it.
    public var isKept: Bool { state == .onDevice || state == .requested }

    /// The phone has said that it cannot bring it any more.
    public mutating func lose(_ reason: String) {
        guard isKept else { return }
        state = .gone
        problem = reason
    }

    /// A `problem` that comes and goes with the file.
    public static let missingFile = "the clip's file is missing"

    public init(
        mime: String, sizeBytes: Int64 = 0, durationSeconds: Double? = nil, width: Int? = nil, height: Int? = nil, key: String? = nil,
        etag: String? = nil, posterKey: String? = nil, thumbnailKey: String? = nil, externalURI: String? = nil
    ) {
        self.mime = mime
        self.sizeBytes = sizeBytes
        self.durationSeconds = durationSeconds
        self.width = width
        self.height = height
        self.key = key
        self.etag = etag
        self.posterKey = posterKey
        self.thumbnailKey = thumbnailKey
        self.externalURI = externalURI
    }
}

/// What an analysis found.
public struct AnalysisResult: Hashable, Sendable {
    /// One or two plain sentences.
    public var summary: String
    public var label: String?
    /// 0…1.
    public var confidence: Double?
    public var tags: [String]
    public var shouldNotify: Bool
    /// Why `shouldNotify` is what it is.
    public var alertReason: String?
    public var provider: String
    public var model: String
    /// Why the clip was not analysed; `nil` where it was.
    public var skipped: String?

    public init(
        summary: String, label: String? = nil, confidence: Double? = nil, tags: [String] = [], shouldNotify: Bool,
        alertReason: String? = nil, provider: String, model: String
    ) {
        self.summary = summary
        self.label = label
        self.confidence = confidence
        self.tags = tags
        self.shouldNotify = shouldNotify
        self.alertReason = alertReason
        self.provider = provider
        self.model = model
    }
}

/// When each stage of an event was reached, so that "why was this alert late" has an answer.
public struct EventTimes: Hashable, Sendable {
    public var firstByte: Timestamp?
    public var durable: Timestamp?
    public var queued: Timestamp?
    public var processing: Timestamp?
    public var done: Timestamp?
    public init() {}
}

/// What a person said of an event.
public enum Feedback: String, Hashable, Sendable { case falseAlarm = "false_alarm" }

public struct Event: Hashable, Sendable {
    /// Made by the phone (UUIDv7) or by the hub; unique within the account.
    public let id: EventID
    public let device: DeviceID
    public let session: SessionID
    public let source: ClipSource
    public let trigger: Trigger
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    public var state: EventState
    /// When the clip's first picture was taken; before the trigger.
    public var startedAt: Timestamp?
    public var clip: Clip
    public var analysis: AnalysisResult?
    public var times: EventTimes
    public var feedback: Feedback?
    /// Everything that happened in the clip, where the sensor said so; the trigger is among it.
    public var causes: [Trigger] = []

    public init(
        id: EventID, device: DeviceID, session: SessionID, source: ClipSource, trigger: Trigger, createdAt: Timestamp,
        state: EventState, startedAt: Timestamp? = nil, clip: Clip
    ) {
        self.id = id
        self.device = device
        self.session = session
        self.source = source
        self.trigger = trigger
        self.createdAt = createdAt
        self.updatedAt = createdAt
        self.state = state
        self.startedAt = startedAt
        self.clip = clip
        self.analysis = nil
        self.times = EventTimes()
    }

    /// What may keep an alert of it back.
    public var importance: AlertImportance {
        guard source == .notice else { return .usual }
        return trigger.type == DeviceNotice.Kind.attention.rawValue ? .raised : .highest
    }
}
