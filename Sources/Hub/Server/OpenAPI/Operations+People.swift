// The routes of an account, its people, and keys for integrations.

import Domain
import Loop

extension Operation {
    private static let accountObject = Schema.named(
        "Account", .object(["account_id": .identifier, "name": .string, "plan": plan, "created_at": .time]))

    private static let member = Schema.named(
        "Member",
        .object([
            "user_id": .identifier, "email": .string, "name": Schema.string.orNull, "role": .words(Role.self), "all_devices": .boolean,
            "devices": Schema.list(.identifier).about("Which ones, where it is not all"), "created_at": .time,
        ]))

    private static let invitation = Schema.named(
        "Invitation",
        .object([
            "invitation_id": .identifier, "role": .words(Role.self), "email": Schema.string.orNull.about("Who alone can follow it"),
            "all_devices": .boolean, "devices": .list(.identifier), "invited_by": .string, "created_at": .time, "expires_at": .time,
        ]))

    private static let auditEntry = Schema.named(
        "AuditEntry",
        .object([
            "audit_id": .identifier, "at": .time,
            "actor": .object([
                "kind": .words(["user", "device", "key", "worker", "operator", "nobody"]), "id": Schema.string.orNull, "name": Schema.string.orNull,
            ]),
            "action": Schema.string.about("Such as device.token.revoked"), "subject": Schema.string.orNull, "address": Schema.string.orNull,
            "detail": Schema.string.orNull,
        ]))

    private static let role = Schema.words(Role.self)
    private static let shared = Schema.list(.identifier, 0...1000).optional.about("Those alone, instead of all; owners and admins see all")

    static let people: [Operation] = [
        Operation(.get, "/account", .people, "The account", .json(accountObject)),
        Operation(.patch, "/account", .people, "Name the account", body: .json(.object(["name": .name])), .json(accountObject)),
        Operation(.get, "/account/audit", .people, "Who did what, from where, when", parameters: paging, .page(auditEntry)),
        Operation(.get, "/account/members", .people, "Who belongs to the account", .json(.list(member))).giving("user_id", at: "/0"),
        Operation(
            .patch, "/account/members/{user}", .people, "Change somebody's role, or what they see",
            detail: "Their connections end, and they come back with what they may do now. Admins do not change owners or make them; nobody changes themselves.",
            parameters: [.path("user", .identifier)],
            body: .json(.object(["role": role.optional, "all_devices": Schema.boolean.optional, "devices": shared])), .json(member),
            errors: [403: "own_membership"]),
        Operation(
            .delete, "/account/members/{user}", .people, "Remove somebody",
            detail: "Their sign-ins in this account end, and their connections.", parameters: [.path("user", .identifier)], .none,
            errors: [403: "own_membership"]),
        Operation(.post, "/account/leave", .people, "Leave the account", .none, errors: [409: "last_owner"]),
        Operation(.get, "/account/invitations", .people, "Invitations that can be followed", .json(.list(invitation)))
            .giving("invitation_id", at: "/0"),
        Operation(
            .post, "/account/invitations", .people, "Invite somebody",
            detail: "The link is good once, for seven days; with `email` for whoever has that address alone, and it is mailed there where the hub can.",
            body: .json(.object(["role": role, "email": Schema.email.optional, "all_devices": Schema.boolean.optional, "devices": shared])),
            .json(.named("NewInvitation", invitation.with(["url": Schema.address.about("Shown only here"), "sent": .boolean]))),
            errors: [429: "limit_exceeded"]
        ).giving("invitation_id"),
        Operation(.delete, "/account/invitations/{id}", .people, "Revoke an invitation", .none),
        Operation(
            .post, "/auth/invitations/look", .people, "What an invitation is to", body: .json(.object(["secret": .text(128)])),
            .json(
                .object([
                    "account_name": .string, "role": role, "email": Schema.string.orNull, "invited_by": .string, "expires_at": .time,
                ])),
            errors: [404: "link_expired", 429: "too_many_attempts"]),
        Operation(
            .post, "/auth/invitations/accept", .people, "Follow an invitation", detail: "This sign-in ends; the answer is one in the other account.",
            body: .json(.object(["secret": .text(128)])), .json(signedIn),
            errors: [403: "other_address", 404: "link_expired", 409: "already_member", 429: "too_many_attempts"]),
    ]

    private static let key = Schema.named(
        "APIKey",
        .object([
            "key_id": .identifier, "name": .string, "permissions": .list(permission), "created_at": .time, "expires_at": Schema.time.orNull,
            "used_at": Schema.time.orNull.about("To the minute"), "created_by": Schema.identifier.orNull,
        ]))

    private static let permission = Schema.words(Permission.forKeys.map(\.rawValue).sorted())

    static let keys: [Operation] = [
        Operation(.get, "/api-keys", .keys, "Keys for integrations", .json(.list(key))).giving("key_id", at: "/0"),
        Operation(
            .post, "/api-keys", .keys, "Make a key",
            body: .json(
                .object(["name": .name, "permissions": .list(permission, 1...16), "expires_in_days": Schema.integer(1...3650).optional])),
            .json(.named("NewAPIKey", key.with(["key": Schema.string.about("Shown only here")])))
        ).giving("key_id"),
        Operation(.delete, "/api-keys/{id}", .keys, "Revoke a key", detail: "Its connections end.", .none),
    ]
}
