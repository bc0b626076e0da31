// The routes of keys for integrations.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func keyRoutes() -> [Route] {
        [
            Route(.get, "/api-keys", .needs(.administer)) { request in
                Router.json(.array(try await store.keys.list(in: request.scope).map(presenter.key)))
            },
            Route(.post, "/api-keys", .needs(.administer)) { request in
                let fields = try request.fields(), now = Timestamp(milliseconds: clock.milliseconds), secret = Authentication.makeKey()
                let days = try fields.optionalInteger("expires_in_days", in: 1...3650)
                let key = APIKey(
                    id: APIKeyID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), name: try fields.name("name"),
                    permissions: try fields.keyPermissions(), createdBy: try request.user().id, createdAt: now,
                    expiresAt: days.map { now.advanced(bySeconds: Double($0) * 86_400) })
                try await store.keys.insert(key, hash: Authentication.hash(secret), in: request.scope)
                try await record(request, "key.made", subject: key.id.rawValue, detail: "\(key.name): \(key.words.joined(separator: ", "))")
                return Router.json(presenter.key(key).merging(["key": .string(secret)]))
            },
            Route(.delete, "/api-keys/{id}", .needs(.administer)) { request in
                let id: APIKeyID = try request.identifier(0, "key")
                guard let key = try await store.keys.remove(id, in: request.scope) else { throw APIError.notFound("key") }
                await connections.close(.key(id))
                try await record(request, "key.revoked", subject: id.rawValue, detail: key.name)
                return HTTPResponse(status: 204)
            },
        ]
    }
}

extension APIKey {
    /// Its permissions.
    var words: [String] { permissions.map(\.rawValue).sorted() }
}

extension Fields {
    fileprivate func keyPermissions() throws(APIError) -> Set<Permission> {
        guard let words = try optionalStrings("permissions", maximumCount: 16, maximumLength: 16) else { throw .missing("permissions") }
        let possible = Permission.forKeys.map(\.rawValue).sorted()
        var permissions: Set<Permission> = []
        for word in words {
            guard possible.contains(word), let permission = Permission(rawValue: word) else {
                throw .invalid("permissions", "a list of \(possible.joined(separator: ", ")) is expected")
            }
            permissions.insert(permission)
        }
        guard !permissions.isEmpty else { throw .invalid("permissions", "one is needed at least") }
        return permissions
    }
}
