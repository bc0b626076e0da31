// The routes of asking people into an account.

import Domain
import Loop
import Pipeline
import Runtime
import Store

extension Services {
    func invitationRoutes() -> [Route] {
        [
            Route(.get, "/account/invitations", .needs(.administer)) { request in
                let list = try await store.invitations.list(in: request.scope, now: Timestamp(milliseconds: clock.milliseconds))
                return Router.json(.array(list.map(presenter.invitation)))
            },
            Route(.post, "/account/invitations", .needs(.administer)) { request in try await invite(request) },
            Route(.delete, "/account/invitations/{id}", .needs(.administer)) { request in
                let id: InvitationID = try request.identifier(0, "invitation")
                guard let invitation = try await store.invitations.remove(id, in: request.scope) else { throw APIError.notFound("invitation") }
                try await record(request, "invitation.revoked", subject: id.rawValue, detail: invitation.words)
                return HTTPResponse(status: 204)
            },
            Route(.post, "/auth/invitations/look", .open) { request in
                let secret = try request.fields().text("secret", maximum: 128)
                let attempt = try attempts.attempt(.invitation, by: caller(request))
                let found = try await store.invitations.look(hash: Authentication.hash(secret), now: Timestamp(milliseconds: clock.milliseconds))
                guard let (invitation, account) = found else { throw APIError.linkExpired }
                attempt.succeeded()
                return Router.json([
                    "account_name": .string(account.name), "role": .string(invitation.role.rawValue), "email": .optional(invitation.email),
                    "invited_by": .string(invitation.inviter), "expires_at": presenter.time(invitation.expiresAt),
                ])
            },
            Route(.post, "/auth/invitations/accept", .needs(.profile)) { request in
                let secret = try request.fields().text("secret", maximum: 128), user = try request.user()
                let attempt = try attempts.attempt(.invitation, by: caller(request))
                let now = Timestamp(milliseconds: clock.milliseconds)
                let membership = try joined(try await store.invitations.redeem(hash: Authentication.hash(secret), for: user, now: now))
                attempt.succeeded()
                try await recordVisitor(
                    request, "invitation.accepted", subject: user.id.rawValue, detail: membership.role.rawValue, by: user, in: membership.user.scope)
                // As with `/auth/switch`: the person goes on in the other account.
                return signedIn(
                    try await signIns.begin(
                        for: membership.user, by: caller(request), how: "invitation",
                        if: request.principal.signIn.map { .replacing($0) } ?? .none))
            },
        ]
    }

    private func invite(_ request: Request) async throws -> HTTPResponse {
        let fields = try request.fields(), user = try request.user()
        guard let role = try fields.optionalRole("role") else { throw APIError.missing("role") }
        guard role < .owner || request.principal.role == .owner else { throw APIError.forbidden }
        let devices = try fields.optionalDeviceAccess() ?? .all
        guard role < .admin || devices == .all else { throw APIError.restrictedAdmin }
        var email: String?
        if let text = try fields.optionalText("email", maximum: 254) { email = try SignInService.address(text) }
        let now = Timestamp(milliseconds: clock.milliseconds), secret = Crypto.randomToken()
        let invitation = Invitation(
            id: InvitationID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), role: role, devices: devices, email: email, invitedBy: user.id,
            inviter: user.name ?? user.email, createdAt: now, expiresAt: now.advanced(bySeconds: Invitation.lifetimeSeconds))
        switch try await store.invitations.insert(invitation, hash: Authentication.hash(secret), in: request.scope) {
        case .stored: break
        case .unknownDevice: throw APIError.unknownDevices
        case .tooMany:
            throw APIError(status: 429, code: "limit_exceeded", message: "many invitations of this account are open; revoke some that nobody follows")
        }
        try await record(request, "invitation.made", subject: invitation.id.rawValue, detail: invitation.words)
        var json = presenter.invitation(invitation)
        json = json.merging(["url": .string(pageURL("#/invitation/\(secret)", request)), "sent": .bool(await mail(invitation, secret, request))])
        return Router.json(json)
    }

    /// Where it cannot be sent, the link can still be handed over by who has asked for it.
    private func mail(_ invitation: Invitation, _ secret: String, _ request: Request) async -> Bool {
        guard let email = invitation.email, mailer.isAvailable, let link = mailer.link("#/invitation/\(secret)") else { return false }
        do {
            let name = try await store.accounts.find(in: request.scope)?.name ?? ""
            try await mailer.send(
                to: email, subject: "Invitation to \(name) · Ping Watch",
                lines: [
                    "\(invitation.inviter) invites you to the cameras of “\(name)”.", "", link, "",
                    "The link is good once, and for seven days. Who does not expect it can ignore it.",
                ])
            return true
        } catch {
            Log("people").warning("an invitation could not be mailed", ["error": String(describing: error)])
            return false
        }
    }

    /// - Throws: what somebody is told whose invitation did not make them a member.
    func joined(_ redemption: Invitations.Redemption) throws(APIError) -> Membership {
        switch redemption {
        case .joined(let membership): return membership
        case .unknown: throw .linkExpired
        case .otherAddress:
            throw APIError(status: 403, code: "other_address", message: "this invitation is for another e-mail address; sign in with that one")
        case .alreadyMember: throw .conflict("already_member", "you belong to this account already")
        }
    }
}

extension Invitation {
    /// For the audit log.
    fileprivate var words: String { email.map { "\(role.rawValue): \($0)" } ?? role.rawValue }
}

extension User {
    fileprivate var scope: AccountScope { AccountScope(account) }
}
