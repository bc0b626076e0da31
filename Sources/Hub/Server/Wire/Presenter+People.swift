// An account, its people, and how people and cameras come into it, as clients see them.

import Domain
import Runtime
import Store

extension Presenter {
    func account(_ account: Account, _ plan: Plan) -> JSON {
        [
            "account_id": .string(account.id.rawValue), "name": .string(account.name), "plan": self.plan(plan),
            "created_at": time(account.createdAt),
        ]
    }

    func member(_ membership: Membership) -> JSON {
        let user = membership.user
        return .object(
            [
                "user_id": .string(user.id.rawValue), "email": .string(user.email), "name": .optional(user.name),
                "role": .string(membership.role.rawValue), "created_at": time(membership.createdAt),
            ].merging(access(membership.devices)) { first, _ in first })
    }

    func invitation(_ invitation: Invitation) -> JSON {
        .object(
            [
                "invitation_id": .string(invitation.id.rawValue), "role": .string(invitation.role.rawValue), "email": .optional(invitation.email),
                "invited_by": .string(invitation.inviter), "created_at": time(invitation.createdAt), "expires_at": time(invitation.expiresAt),
            ].merging(access(invitation.devices)) { first, _ in first })
    }

    private func access(_ devices: DeviceAccess) -> [String: JSON] {
        switch devices {
        case .all: ["all_devices": true, "devices": []]
        case .only(let devices):
            ["all_devices": false, "devices": .array(devices.map(\.rawValue).sorted().map { .string($0) })]
        }
    }

    func pairing(_ pairing: Pairing) -> JSON {
        [
            "pairing_id": .string(pairing.id.rawValue),
            "state": .string(pairing.state(at: Timestamp(milliseconds: clock.milliseconds)).rawValue), "label": .optional(pairing.phone?.label),
            "address": .optional(pairing.phone?.address), "agent": .optional(pairing.phone?.agent),
            "confirm_word": .optional(pairing.phone?.word), "device_id": .optional(pairing.device?.rawValue), "expires_at": time(pairing.expiresAt),
        ]
    }

    func activationCode(_ code: ActivationCode, _ redemptions: [Redemption]) -> JSON {
        [
            "code_id": .string(code.id.rawValue), "label": .string(code.label), "uses": .integer(Int64(code.uses)),
            "used": .integer(Int64(code.used)), "expires_at": time(code.expiresAt), "revoked": .bool(code.revokedAt != nil),
            "created_at": time(code.createdAt),
            "redemptions": .array(
                redemptions.map {
                    [
                        "at": time($0.at), "device_id": .string($0.device.rawValue), "label": .string($0.label), "address": .optional($0.address),
                    ]
                }),
        ]
    }

    func key(_ key: APIKey) -> JSON {
        [
            "key_id": .string(key.id.rawValue), "name": .string(key.name), "permissions": .array(key.words.map { .string($0) }),
            "created_at": time(key.createdAt), "expires_at": time(key.expiresAt), "used_at": time(key.usedAt),
            "created_by": .optional(key.createdBy?.rawValue),
        ]
    }

    func auditEntry(_ entry: AuditEntry) -> JSON {
        [
            "audit_id": .string(entry.id), "at": time(entry.at),
            "actor": ["kind": .string(entry.actorKind), "id": .optional(entry.actorID), "name": .optional(entry.actorName)],
            "action": .string(entry.action), "subject": .optional(entry.subject), "address": .optional(entry.address),
            "detail": .optional(entry.detail),
        ]
    }
}
