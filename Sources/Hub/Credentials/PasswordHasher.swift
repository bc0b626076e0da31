// Where passwords are hashed.

public import Runtime

/// Hashes and verifies passwords on a few threads of its own. Each hash takes tens of milliseconds and its memory (19 MiB), so a flood of sign-ins is
/// refused rather than kept.
public final class PasswordHasher: Sendable {
    public let parameters: PasswordHash.Parameters
    private let pool: ThreadPool
    private let dummy: PasswordHash
    private let count = LockedValue(0)
    private let maximumCount: Int

    /// - Parameters:
    ///   - threads: how many hashes are under way at once; the default leaves half of the cores to others.
    ///   - maximumWaiting: how many more wait.
    public init(
        parameters: PasswordHash.Parameters = .standard, threads: Int = max(1, min(4, usableCores / 2)), maximumWaiting: Int = 32
    ) {
        self.parameters = parameters
        pool = ThreadPool(name: "password", threads: threads)
        dummy = .dummy(parameters)
        maximumCount = threads + maximumWaiting
    }

    /// A hash to store, with a new salt.
    ///
    /// - Throws: `PasswordHasherBusy` or `PasswordHashError`.
    public func hash(_ password: String) async throws -> PasswordHash {
        try await run { [parameters] in try PasswordHash(of: password, parameters) }
    }

    /// Whether `hash` is that of `password`. Where it is and `hash.needsRehash(parameters)`, store a new one.
    ///
    /// - Throws: `PasswordHasherBusy` or `PasswordHashError`.
    public func verify(_ password: String, against hash: PasswordHash) async throws -> Bool {
        try await run { try hash.verify(password) }
    }

    /// Takes as long as `verify`: for addresses that nobody has, so that the time does not tell which these are.
    ///
    /// - Throws: `PasswordHasherBusy` or `PasswordHashError`.
    public func verifyNothing(_ password: String) async throws {
        _ = try await verify(password, against: dummy)
    }

    /// How many hashes are under way or wait.
    var load: Int { count.withLock { $0 } }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try count.withLock { count in
            guard count < maximumCount else { throw PasswordHasherBusy() }
            count += 1
        }
        defer { count.withLock { $0 -= 1 } }
        return try await pool.run(body)
    }
}

/// So many passwords are being checked that another would wait too long. Nothing was checked.
public struct PasswordHasherBusy: Error, Hashable, Sendable, CustomStringConvertible {
    public init() {}
    public var description: String { "too many passwords are being checked" }
}
