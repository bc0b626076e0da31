// The ways into a hub, wired.

import Credentials
import Domain
import Loop
import Runtime
import Store

struct GettingIn: Sendable {
    let setUp: SetUp
    let passwords: PasswordSignIn
    let codes: OneTimeCodes
    let links: MailedLinkService
    /// Apart, so that mail that is not taken holds up nothing else.
    private let audits = Afterwards()
    private let mails = Afterwards()
    private let notices: SecurityNotices

    init(
        store: Store, totpKey: TOTPKey, signIns: SignInService, mailer: Mailer, attempts: AttemptGuard, connections: any CredentialConnections,
        configuration: ServerConfiguration, clock: WallClock
    ) {
        let passwords = Passwords(store: store, hasher: PasswordHasher(parameters: configuration.passwordParameters), attempts: attempts)
        let trail = AuditTrail(store: store, clock: clock)
        notices = SecurityNotices(mailer: mailer, clock: clock)
        codes = OneTimeCodes(
            store: store, key: totpKey, passwords: passwords, trail: trail, notices: notices, attempts: attempts, clock: clock)
        setUp = SetUp(store: store, signIns: signIns, passwords: passwords, attempts: attempts, clock: clock)
        self.passwords = PasswordSignIn(
            store: store, signIns: signIns, passwords: passwords, codes: codes, trail: trail, notices: notices, afterwards: audits,
            attempts: attempts, connections: connections, clock: clock)
        links = MailedLinkService(
            store: store, signIns: signIns, passwords: passwords, mailer: mailer, notices: notices, trail: trail, afterwards: mails,
            attempts: attempts, connections: connections, policy: configuration.signUp, clock: clock)
    }

    /// What follows answers that were given.
    func finish() async {
        await mails.finish()
        await notices.finish()
        await audits.finish()
    }
}
