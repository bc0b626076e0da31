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
        Operation(
            .get, "/auth/me", .account, "Who you are, and what you may do",
            .json(
                .object([
                    "user_id": .identifier, "email": .string, "name": Schema.string.orNull, "account_id": .identifier,
                    "account_name": Schema.string.orNull, "role": .words(Role.self), "permissions": .list(.words(Permission.self)),
                    "accounts": .list(.object(["account_id": .identifier, "name": Schema.string.orNull, "role": .words(Role.self)])),
                ]))
        ).giving("account_id", at: "/accounts/0"),
        Operation(.get, "/auth/sessions", .account, "Your sign-ins", .json(.list(signIn))).giving("sign_in_id", at: "/0"),
        Operation(.delete, "/auth/sessions/{id}", .account, "End a sign-in and its connections", .none),
        Operation(.delete, "/auth/sessions", .account, "End all other sign-ins", .json(.object(["ended": .count]))),
        Operation(
            .post, "/auth/switch", .account, "Act in another account of yours", detail: "This sign-in ends.",
            body: .json(.object(["account_id": .identifier])), .json(signedIn), errors: [404: "not_found"]),
    ]
}
