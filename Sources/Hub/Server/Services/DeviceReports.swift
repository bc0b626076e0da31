// What connected cameras say of themselves, as it is now; the database knows it to some seconds.

import Domain
import Runtime
import Store

/// Written by the socket side and the health watch, read by whoever shows a device.
final class DeviceReports: Sendable {
    struct Key: Hashable, Sendable {
        let scope: AccountScope
        let device: DeviceID

        init(scope: AccountScope, device: DeviceID) {
            self.scope = scope.whole
            self.device = device
        }
    }

    struct Report: Hashable, Sendable {
        let telemetry: JSON
        let at: Timestamp

        /// As the camera named them, also those that this hub does not know.
        var problems: [String] {
            guard case .array(let problems)? = telemetry["problems"] else { return [] }
            return problems.compactMap(\.stringValue)
        }

        var stored: DeviceHealthRows.Report { DeviceHealthRows.Report(telemetry: telemetry.text, at: at) }

        var knownProblems: Set<DeviceProblem> { Set(problems.compactMap(DeviceProblem.init(rawValue:))) }
    }

    private struct State {
        var reports: [Key: Report] = [:]
        var needingAttention: Set<Key> = []
    }

    private static let maximumBytes = 4096
    private static let maximumProblems = 16

    private let state = LockedValue(State())

    /// - Throws: what names the field that cannot be.
    static func read(_ telemetry: JSON, at now: Timestamp) throws(APIError) -> Report {
        guard case .object = telemetry, telemetry.utf8.count <= maximumBytes else {
            throw .invalid("telemetry", "an object of at most \(maximumBytes) bytes is expected")
        }
        let fields = try KnownFields(telemetry, at: "telemetry")
        for (path, problem) in try fields.list("problems", count: 0...maximumProblems, of: "words") ?? [] {
            guard let word = problem.stringValue, Trigger.isValidType(word) else { throw .invalid(path, "a word of a–z and _ is expected") }
        }
        return Report(telemetry: telemetry, at: now)
    }

    func find(_ key: Key) -> Report? { state.withLock { $0.reports[key] } }

    func set(_ report: Report, of key: Key) { state.withLock { $0.reports[key] = report } }

    /// The camera is gone, and the report is in the database.
    func forget(_ report: Report, of key: Key) {
        state.withLock { if $0.reports[key] == report { $0.reports[key] = nil } }
    }

    /// The camera was removed.
    func remove(_ key: Key) {
        state.withLock { state in
            state.reports[key] = nil
            state.needingAttention.remove(key)
        }
    }

    /// The account was.
    func removeAll(of scope: AccountScope) {
        state.withLock { state in
            state.reports = state.reports.filter { $0.key.scope.account != scope.account }
            state.needingAttention = state.needingAttention.filter { $0.scope.account != scope.account }
        }
    }

    func needsAttention(_ key: Key) -> Bool { state.withLock { $0.needingAttention.contains(key) } }

    /// - Returns: whether that is news.
    func setAttention(_ isNeeded: Bool, of key: Key) -> Bool {
        state.withLock { isNeeded ? $0.needingAttention.insert(key).inserted : $0.needingAttention.remove(key) != nil }
    }
}
