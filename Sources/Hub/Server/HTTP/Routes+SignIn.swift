// The routes of one's own sign-ins.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func signInRoutes() -> [Route] {
        [
            Route(.post, "/auth/dev/login", .open) { request in
                signedIn(try await signIns.devLogin(email: try request.fields().text("email", maximum: 254), by: caller(request)))
            },
            Route(.post, "/auth/refresh", .open) { request in
                signedIn(try await signIns.refresh(try request.fields().text("refresh_token", maximum: 128), by: caller(request)))
            },
            Route(.post, "/auth/logout", .needs(.profile)) { request in
                if let signIn = request.principal.signIn { _ = try await signIns.end(signIn, of: try request.user().id) }
                return HTTPResponse(status: 204)
            },
            Route(.get, "/auth/sessions", .needs(.profile)) { request in
                let list = try await store.signIns.list(of: try request.user().id, now: Timestamp(milliseconds: clock.milliseconds))
                return Router.json(.array(list.map { presenter.signIn($0, current: request.principal.signIn) }))
            },
            Route(.delete, "/auth/sessions/{id}", .needs(.profile)) { request in
                let id: SignInID = try request.identifier(0, "session")
                guard try await signIns.end(id, of: try request.user().id) else { throw APIError.notFound("session") }
                try await record(request, "sign_in.ended", subject: id.rawValue)
                return HTTPResponse(status: 204)
            },
            Route(.delete, "/auth/sessions", .needs(.profile)) { request in
                let ended = try await signIns.endAll(of: try request.user().id, except: request.principal.signIn)
                try await record(request, "sign_in.ended", detail: "\(ended) others")
                return Router.json(["ended": .integer(Int64(ended))])
            },
            Route(.post, "/auth/switch", .needs(.profile)) { request in
                let account: AccountID = try request.fields().identifier("account_id"), user = try request.user()
                guard let membership = try await store.memberships.find(user.id, in: AccountScope(account)) else { throw APIError.notFound("account") }
                return signedIn(
                    try await signIns.begin(
                        for: membership.user, by: caller(request), how: "switched from another account",
                        if: request.principal.signIn.map { .replacing($0) } ?? .none))
            },
            // For whoever sets up a proxy: what the hub makes of what it says.
            Route(.get, "/connection", .needs(.profile)) { request in
                let origin = RequestOrigin(request.head, proxies: configuration.proxies)
                return Router.json([
                    "address": .string(origin.address), "secure": origin.isSecure.map { .bool($0) } ?? .null, "host": .optional(origin.host),
                    "forwarded": .bool(origin.isForwarded),
                ])
            },
        ]
    }

    func caller(_ request: Request) -> Caller { Caller(request.head, proxies: configuration.proxies) }

    func signedIn(_ session: SignInService.Session) -> HTTPResponse {
        Router.json([
            "access_token": .string(session.accessToken), "token_type": "bearer", "expires_at": presenter.time(session.expiresAt),
            "refresh_token": .string(session.refreshToken), "refresh_expires_at": presenter.time(session.refreshExpiresAt),
            "user_id": .string(session.user.rawValue), "account_id": .string(session.account.rawValue), "role": .string(session.role.rawValue),
        ])
    }

    /// Writes what somebody has done into their account's audit log.
    ///
    /// - Parameter detail: for people; never a secret.
    func record(_ request: Request, _ action: String, subject: String? = nil, detail: String? = nil) async throws {
        try await trail.add(
            action, by: AuditTrail.Actor(request.principal), from: caller(request), subject: subject, detail: detail, in: request.scope)
    }

    private var trail: AuditTrail { AuditTrail(store: store, clock: clock) }

    /// The same for who is not signed in to that account.
    ///
    /// - Parameter user: who it was, where that is known.
    func recordVisitor(
        _ request: Request, _ action: String, subject: String?, detail: String? = nil, by user: User? = nil, in scope: AccountScope
    ) async throws {
        try await trail.add(
            action, by: user.map { AuditTrail.Actor($0) } ?? .nobody, from: caller(request), subject: subject, detail: detail, in: scope)
    }
}
