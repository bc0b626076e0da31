// The routes by which phones become cameras.

import Credentials
import Domain
import Loop
import Runtime
import Store

extension Services {
    func pairingRoutes() -> [Route] {
        [
            Route(.post, "/pairings", .needs(.pair)) { request in
                if !request.body.isEmpty { _ = try request.fields() }
                // Somebody compares what two devices show; a key registers devices with their tokens.
                let started = try await pairings.start(by: try request.user().id, in: request.scope)
                try await record(request, "pairing.started", subject: started.pairing.id.rawValue)
                let url = pageURL("#/pair/\(started.secret)", request)
                return Router.json([
                    "pairing_id": .string(started.pairing.id.rawValue), "url": .string(url), "code": .string(started.code.formatted),
                    "qr_svg": try code(of: url, title: "Link that makes a phone a camera"), "expires_at": presenter.time(started.pairing.expiresAt),
                ])
            },
            Route(.get, "/pairings/{id}", .needs(.pair)) { request in
                _ = try request.user()
                guard let pairing = try await store.pairings.find(try request.identifier(0, "pairing"), in: request.scope) else {
                    throw APIError.notFound("pairing")
                }
                return Router.json(presenter.pairing(pairing))
            },
            Route(.post, "/pairings/{id}/confirm", .needs(.pair)) { request in
                _ = try request.user()
                let id: PairingID = try request.identifier(0, "pairing")
                guard let accept = try request.fields().optionalBool("accept") else { throw APIError.missing("accept") }
                let (pairing, isNew) = try await pairings.decide(id, accept: accept, in: request.scope)
                if isNew {
                    try await record(
                        request, accept ? "pairing.confirmed" : "pairing.rejected", subject: pairing.device?.rawValue ?? id.rawValue,
                        detail: pairing.phone?.label)
                }
                return Router.json(presenter.pairing(pairing))
            },
            Route(.post, "/pairings/claim", .open) { request in
                let fields = try request.fields()
                let shown = try shown(fields), label = try fields.name("label")
                let attempt = try attempts.attempt(.pairing, by: caller(request))
                guard let (claim, found, word) = try await pairings.claim(shown, label: label, by: caller(request)) else {
                    throw APIError.linkExpired
                }
                attempt.succeeded()
                try await recordVisitor(request, "pairing.claimed", subject: found.pairing.id.rawValue, detail: label, in: found.scope)
                return Router.json([
                    "claim": .string(claim), "state": .string(Pairing.State.claimed.rawValue),
                    "account_name": .optional(try await store.accounts.find(in: found.scope)?.name), "confirm_word": .string(word),
                    "expires_at": presenter.time(found.pairing.expiresAt),
                ])
            },
            Route(.post, "/pairings/claim/status", .open) { request in
                switch try await pairings.outcome(of: try request.fields().text("claim", maximum: 128)) {
                case .waiting(let found):
                    return Router.json(["state": .string(found.pairing.state(at: Timestamp(milliseconds: clock.milliseconds)).rawValue)])
                case .confirmed(let found, let device, let token):
                    try await recordVisitor(request, "device.token.given", subject: device.id.rawValue, detail: device.label, in: found.scope)
                    return Router.json([
                        "state": .string(Pairing.State.confirmed.rawValue),
                        "device": try await watching.present(device, in: found.scope, hasLinks: false),
                        "device_token": .string(token),
                    ])
                }
            },
        ]
    }

    /// The link's secret, or the code that was typed, whichever there is.
    private func shown(_ fields: Fields) throws(APIError) -> String {
        if let secret = try fields.optionalText("secret", maximum: 128) { return secret }
        guard let code = PairingCode(try fields.text("code", maximum: 32)) else {
            throw .invalid("code", "eight letters and digits are expected, such as ABCD-EFGH")
        }
        return code.rawValue
    }

    func activationCodeRoutes() -> [Route] {
        [
            Route(.get, "/activation-codes", .needs(.administer)) { request in
                let codes = try await store.activationCodes.list(in: request.scope, page: try request.page())
                return Router.json(
                    .array(codes.items.map { presenter.activationCode($0.code, $0.redemptions) }), headers: next(codes.nextCursor))
            },
            Route(.post, "/activation-codes", .needs(.administer)) { request in
                let fields = try request.fields(), now = Timestamp(milliseconds: clock.milliseconds)
                let made = ActivationCode(
                    id: ActivationCodeID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), label: try fields.name("label"),
                    uses: Int(try fields.integer("uses", in: 1...1000)), createdAt: now,
                    expiresAt: now.advanced(bySeconds: Double(try fields.integer("expires_in_hours", in: 1...8760)) * 3600))
                var generator = SystemRandomNumberGenerator()
                let text = ReadableCode.make(length: ActivationCode.length, using: &generator)
                try await store.activationCodes.insert(made, hash: Authentication.hash(text), in: request.scope)
                try await record(request, "activation_code.made", subject: made.id.rawValue, detail: "\(made.label): \(made.uses) cameras")
                let shown = ReadableCode.grouped(text), url = pageURL("#/activate/\(shown)", request)
                let json: JSON = [
                    "code": .string(shown), "url": .string(url), "qr_svg": try code(of: url, title: "Link that makes phones cameras"),
                ]
                return Router.json(presenter.activationCode(made, []).merging(json))
            },
            Route(.delete, "/activation-codes/{id}", .needs(.administer)) { request in
                let id: ActivationCodeID = try request.identifier(0, "activation code"), now = Timestamp(milliseconds: clock.milliseconds)
                guard let code = try await store.activationCodes.revoke(id, in: request.scope, now: now) else {
                    throw APIError.notFound("activation code")
                }
                try await record(request, "activation_code.revoked", subject: id.rawValue, detail: code.label)
                return HTTPResponse(status: 204)
            },
            Route(.post, "/activation-codes/redeem", .open) { request in
                let fields = try request.fields()
                guard let typed = ReadableCode.normalized(try fields.text("code", maximum: 64), length: ActivationCode.length) else {
                    throw APIError.invalid("code", "\(ActivationCode.length) letters and digits are expected, such as ABCD-EFGH-JKMN-PQRS")
                }
                let label = try fields.name("label")
                let attempt = try attempts.attempt(.activationCode, by: caller(request))
                guard let redeemed = try await pairings.redeem(typed, label: label, by: caller(request)) else { throw APIError.linkExpired }
                attempt.succeeded()
                try await recordVisitor(
                    request, "activation_code.redeemed", subject: redeemed.device.id.rawValue, detail: "\(redeemed.code.label): \(label)",
                    in: redeemed.scope)
                return Router.json([
                    "device": try await watching.present(redeemed.device, in: redeemed.scope, hasLinks: false), "device_token": .string(redeemed.token),
                ])
            },
        ]
    }

    /// As people follow it from another device.
    func code(of url: String, title: String) throws(APIError) -> JSON {
        guard let code = QRCode(url) else { throw .invalid("Host", "it is too long") }
        return .string(code.svg(title: title))
    }

    /// The address of a view of the page: `PUBLIC_URL`, or where the asker has it from.
    func pageURL(_ fragment: String, _ request: Request) -> String {
        if let url = configuration.publicURL { return "\(url)/\(fragment)" }
        let origin = RequestOrigin(request.head, proxies: configuration.proxies)
        guard let host = origin.host else { return "/\(fragment)" }
        // Behind a proxy that does not say, the page itself does.
        let isSecure = origin.isSecure ?? (request.head.header("origin") == "https://\(host)")
        return "\(isSecure ? "https" : "http")://\(host)/\(fragment)"
    }
}
