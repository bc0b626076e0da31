// People and what they sign in with, as clients see them.

import Domain
import Runtime
import Store

extension Presenter {
    func signIn(_ signIn: SignIn, current: SignInID?) -> JSON {
        [
            "sign_in_id": .string(signIn.id.rawValue), "created_at": time(signIn.createdAt), "used_at": time(signIn.usedAt),
            "address": .optional(signIn.address), "agent": .optional(signIn.agent), "current": .bool(signIn.id == current),
        ]
    }
}
