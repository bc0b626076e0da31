// Structured logs: one JSON object a line on standard error, a constant message and metadata.


#if canImport(Glibc)
internal import Glibc
#endif

/// Never give it a token, a body, an address or a name.
public struct Log: Sendable {
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error
        public static func < (a: Level, b: Level) -> Bool { a.order < b.order }
        private var order: Int { Level.allCases.firstIndex(of: self)! }
    }

    private static let threshold = LockedValue<Level>(.info)
    private let component: String
    private let context: [(String, String)]

    public init(_ component: String) {
        self.component = component
        context = []
    }

    private init(_ component: String, context: [(String, String)]) {
        self.component = component
        self.context = context
    }

    /// The least level that is written, for the whole process.
    public static func setThreshold(_ level: Level) { threshold.withLock { $0 = level } }

    /// A log with more metadata on each line.
    public func with(_ key: String, _ value: String) -> Log { Log(component, context: context + [(key, value)]) }

    public func debug(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) { write(.debug, message, metadata) }
    public func info(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) { write(.info, message, metadata) }
    public func warning(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) { write(.warning, message, metadata) }
    public func error(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) { write(.error, message, metadata) }

    private func write(_ level: Level, _ message: StaticString, _ metadata: KeyValuePairs<String, String>) {
        guard level >= Log.threshold.withLock({ $0 }) else { return }
        let time = formatISO8601(milliseconds: WallClock.system.milliseconds)
        var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"component\":\(quoted(component)),\"message\":\(quoted(message.description))"
        for (key, value) in context { line += ",\(quoted(key)):\(quoted(value))" }
        for (key, value) in metadata { line += ",\(quoted(key)):\(quoted(value))" }
        line += "}\n"
        // One write(2) a line, so that lines of several threads do not mix.
        var text = line
        text.withUTF8 { bytes in _ = Glibc.write(2, bytes.baseAddress, bytes.count) }
    }

    private func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case _ where scalar.value < 0x20: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
