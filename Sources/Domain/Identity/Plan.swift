// What an account may use.

public struct Plan: Hashable, Sendable {
    /// Of accounts that nobody has given another one.
    public static let initial = "unlimited"
}
