// The routes of signing in, and of one's own sign-ins.

import Domain
import Loop

extension Operation {
    /// What a person has after signing in.
    static let signedIn = Schema.named(
        "SignedIn",
        .object([
            "access_token": .string, "token_type": .words(["bearer"]), "expires_at": .time, "refresh_token": .string, "refresh_expires_at": .time,
            "user_id": .identifier, "account_id": .identifier, "role": .words(Role.self),
        ]))

    private static let signIn = Schema.named(
        "SignIn",
        .object([
            "sign_in_id": .identifier, "created_at": .time, "used_at": .time, "address": Schema.string.orNull,
            "agent": Schema.string.orNull.about("What the program calls itself"), "current": .boolean,
        ]))

    private static let me = Schema.named(
        "Me",
        .object([
            "user_id": .identifier, "email": .string, "name": Schema.string.orNull, "account_id": .identifier,
            "account_name": Schema.string.orNull, "role": .words(Role.self), "has_password": .boolean, "verified": .boolean, "totp": .boolean,
            "permissions": .list(.words(Permission.self)),
            "accounts": .list(.object(["account_id": .identifier, "name": Schema.string.orNull, "role": .words(Role.self)])),
        ]))

    private static let newPassword = Schema.string(PasswordPolicy.length).about("Not a common one, and not the address")
    private static let password = Schema.object(["password": Schema.string(1...1024).optional])

    private static func status(_ word: String) -> Answer { .json(.object(["status": .words([word])]), "It comes by mail", status: 202) }

    static let gettingIn: [Operation] = [
        Operation(
            .get, "/auth/config", .account, "How one gets in here",
            .json(
                .object([
                    "setup_required": .boolean, "sign_up": .words(SignUpPolicy.self), "dev_login": .boolean, "mail": .boolean,
                    "password_minimum": .count, "oidc": Schema.object(["name": .string]).orNull,
                ]))),
        Operation(
            .post, "/auth/setup", .account, "Become the owner of a hub without people", detail: "By the secret that the hub printed at its start.",
            body: .json(
                .object([
                    "secret": .text(128), "email": .email, "password": newPassword, "name": Schema.text(80).optional,
                    "account_name": Schema.text(80).optional,
                ])), .json(signedIn), errors: [404: "not_found, setup_done", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/sign-up", .account, "Become a user", detail: "With mail: 202, whether the address is known or not.",
            body: .json(
                .object([
                    "email": .email, "password": newPassword, "name": Schema.text(80).optional, "invitation": Schema.text(128).optional,
                ])), .json(signedIn), status("verification_sent"),
            errors: [403: "sign_up_closed, other_address", 404: "link_expired", 409: "email_taken", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/sign-in", .account, "Sign in by password", detail: "`totp`: a code of the app, or one for recovery.",
            body: .json(
                .object([
                    "email": .email, "password": .string(1...1024), "totp": Schema.text(32).optional, "device_name": Schema.text(80).optional,
                ])), .json(signedIn),
            errors: [
                401: "invalid_credentials, totp_required, invalid_totp", 403: "email_unverified", 429: "too_many_attempts, with `retry_at`", 503: "busy",
            ]),
        Operation(
            .post, "/auth/password/forgot", .account, "Have a link mailed to set another password", detail: "The same answer for every address.",
            body: .json(.object(["email": .email])), status("sent"), errors: [409: "not_configured", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/password/reset", .account, "Set another password by a mailed link", detail: "All sign-ins end.",
            body: .json(.object(["token": .text(128), "password": newPassword])), .none,
            errors: [404: "link_expired", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/email/verify", .account, "Confirm an address by a mailed link",
            body: .json(.object(["token": .text(128), "password": Schema.string(1...1024).about("The one that was chosen at that sign-up")])), .json(signedIn),
            errors: [
                401: "totp_required: it is confirmed; sign in", 403: "invalid_credentials", 404: "link_expired", 429: "too_many_attempts", 503: "busy",
            ]),
        Operation(
            .post, "/auth/email/resend", .account, "Have that link mailed again", body: .json(.object(["email": .email])), status("sent"),
            errors: [409: "not_configured", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/oidc/start", .account, "Begin to sign in at another issuer",
            detail: "`browser`: a secret of the page, in base64url, which it keeps for `/auth/oidc/finish`. 404 unless `OIDC_ISSUER`.",
            body: .json(.object(["browser": .text(128)])), .json(.object(["authorization_url": .string, "state": .string])),
            errors: [404: "not_found", 409: "not_configured", 429: "too_many_attempts", 502: "issuer_unreachable"]),
        Operation(
            .post, "/auth/oidc/finish", .account, "Finish with what the issuer has sent to the page",
            body: .json(
                .object(["state": .text(128), "code": .text(4096), "browser": .text(128), "invitation": Schema.text(128).optional])),
            .json(signedIn), errors: issuerErrors),
        Operation(
            .post, "/auth/jwt", .account, "Sign in with a token of the issuer",
            body: .json(.object(["token": .text(16_384), "invitation": Schema.text(128).optional])), .json(signedIn), errors: issuerErrors),
    ]

    private static let issuerErrors: KeyValuePairs<Int, String> = [
        401: "invalid_token, token_expired", 403: "email_unverified, sign_up_closed", 404: "not_found, link_expired", 409: "not_configured, email_taken",
        429: "too_many_attempts", 502: "issuer_unreachable",
    ]

    static let account: [Operation] = [
        Operation(
            .post, "/auth/dev/login", .account, "Sign in by naming an address", detail: "For development; 404 unless `AUTH_DEV_LOGIN_ENABLED`.",
            body: .json(.object(["email": .email])), .json(signedIn), errors: [404: "not_found"]),
        Operation(
            .post, "/auth/refresh", .account, "Another pair of tokens",
            detail: "A refresh token is used once. Within 30 s it may come again, since its answer may have been lost; later the sign-in ends.",
            body: .json(.object(["refresh_token": .text(128)])), .json(signedIn), errors: [401: "invalid_token"]),
        Operation(
            .post, "/auth/logout", .account, "Sign out", detail: "This sign-in ends, and the connections that live by it are closed.", .none),
        Operation(.get, "/auth/me", .account, "Who you are, and what you may do", .json(me)).giving("account_id", at: "/accounts/0"),
        Operation(
            .patch, "/auth/me", .account, "Another name for you", body: .json(.object(["name": Schema.oneOf([.text(80), .words([""])]).optional.about("Empty or null: none")])), .json(me)),
        Operation(
            .post, "/auth/password", .account, "Another password",
            detail: "All other sign-ins end. `current_password` may be missing only where there is no password.",
            body: .json(.object(["current_password": Schema.string(1...1024).optional, "new_password": newPassword])), .none,
            errors: [429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/totp/start", .account, "Begin to ask for codes of an app", detail: "Nothing is asked for until a code was shown.",
            body: .json(password), .json(.object(["secret": .string, "uri": .string, "qr_svg": Schema.string.orNull])),
            errors: [409: "totp_on, no_password", 429: "too_many_attempts", 503: "busy"]),
        Operation(
            .post, "/auth/totp/confirm", .account, "Show the app's first code", body: .json(.object(["code": .text(32)])),
            .json(.object(["recovery_codes": .list(.string)])), errors: [409: "totp_not_started"]),
        Operation(
            .post, "/auth/totp/disable", .account, "No codes any more", body: .json(password), .none,
            errors: [429: "too_many_attempts", 503: "busy"]),
        Operation(
            .delete, "/auth/me", .account, "Leave all accounts, and be forgotten",
            detail: "An account of which one is the only person goes with everything in it. `password` where one has one.",
            body: .optionalJSON(password), .none, errors: [403: "invalid_credentials", 409: "owns_account", 429: "too_many_attempts"]),
        Operation(.get, "/auth/sessions", .account, "Your sign-ins", .json(.list(signIn))).giving("sign_in_id", at: "/0"),
        Operation(.delete, "/auth/sessions/{id}", .account, "End a sign-in and its connections", .none),
        Operation(.delete, "/auth/sessions", .account, "End all other sign-ins", .json(.object(["ended": .count]))),
        Operation(
            .post, "/auth/switch", .account, "Act in another account of yours", detail: "This sign-in ends.",
            body: .json(.object(["account_id": .identifier])), .json(signedIn), errors: [404: "not_found"]),
    ]
}
