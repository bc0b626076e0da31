// Who may become a user by themselves.

public enum SignUpPolicy: String, Hashable, Sendable, CaseIterable {
    /// Anybody.
    case open
    /// Whoever has a link that somebody of an account made.
    case invitation
    /// Nobody.
    case closed
}
