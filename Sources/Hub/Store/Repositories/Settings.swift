// Values of the installation itself, such as its signing key.

public struct Settings: Sendable {
    let database: Database

    public func value(_ name: String) async throws -> String? {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT value FROM settings WHERE name = $1", [.text(name)], table: "settings").first?.text("value")
        }
    }

    public func set(_ name: String, _ value: String) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query(
                "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [.text(name), .text(value)])
        }
    }

    /// The value; when there is none yet, the one that `make` gives, kept from then on.
    public func valueOrInsert(_ name: String, _ make: @escaping @Sendable () -> String) async throws -> String {
        try await database.write(reaching: .everybody) { session in
            try session.query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [.text(name), .text(make())])
            return try session.query("SELECT value FROM settings WHERE name = $1", [.text(name)], table: "settings")[0].text("value")
        }
    }
}
