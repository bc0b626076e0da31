// What the buttons under an alert ask for, as they come back from the chat.

/// A button's meaning. With the delivery it belongs to it fits into the 64 bytes that a Telegram button carries.
public enum AlertAction: Hashable, Sendable, CaseIterable {
    /// No alerts of this camera for some minutes, one of `snoozeMinutes`.
    case snooze(minutes: Int)
    /// There was nothing to tell.
    case falseAlarm

    public static let snoozeMinutes = [10, 30, 60]

    /// In the order of the buttons.
    public static var allCases: [AlertAction] { snoozeMinutes.map { .snooze(minutes: $0) } + [.falseAlarm] }

    /// `s10:<delivery>`, `fa:<delivery>`. `nil` for minutes that no button has, and for a delivery whose id is no UUID: `parse` would
    /// not take it back.
    public func callbackData(for delivery: DeliveryID) -> String? {
        guard let mark, isUUID(delivery.rawValue) else { return nil }
        return "\(mark):\(delivery.rawValue)"
    }

    /// What `callbackData` made. `nil` for anything else: whoever is in the chat may send any text.
    public static func parse(_ data: String) -> (action: AlertAction, delivery: DeliveryID)? {
        let parts = data.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let id = String(parts[1]), isUUID(id) else { return nil }
        guard let action = allCases.first(where: { $0.mark.map { Array($0.utf8) } == Array(parts[0]) }) else { return nil }
        return (action, DeliveryID(trusted: id))
    }

    private var mark: String? {
        switch self {
        case .snooze(let minutes): Self.snoozeMinutes.contains(minutes) ? "s\(minutes)" : nil
        case .falseAlarm: "fa"
        }
    }
}

/// The text form of RFC 9562, section 4, in lower case as the hub writes it.
private func isUUID(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 36 else { return false }
    return bytes.indices.allSatisfy { index in
        switch bytes[index] {
        case UInt8(ascii: "-"): [8, 13, 18, 23].contains(index)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): ![8, 13, 18, 23].contains(index)
        default: false
        }
    }
}
