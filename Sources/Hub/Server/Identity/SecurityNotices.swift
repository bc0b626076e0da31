// Mail that tells people what was changed about how they get in: where it was not them, they learn of it.

import Domain
import Pipeline
import Runtime

/// Without a mail server nobody is told; the audit log has it all the same.
struct SecurityNotices: Sendable {
    enum Change: Sendable {
        case passwordChanged
        /// By a link.
        case passwordReset
        case codesOn
        case codesOff
    }

    let mailer: Mailer
    let clock: WallClock
    /// Apart from that of mails with links: notices that wait for a server hold none of them up.
    private let afterwards = Afterwards()
    private let log = Log("sign-in")

    init(mailer: Mailer, clock: WallClock) {
        self.mailer = mailer
        self.clock = clock
    }

    /// Returns at once, whatever becomes of the mail: the change is made.
    func tell(_ email: String, _ change: Change, by caller: Caller) {
        guard mailer.client != nil else { return }
        let lines = lines(change, from: caller.address.map { "the address \($0)" } ?? "an unknown address", with: ProgramName.words(caller.agent))
        do {
            try afterwards.run("security notice") { try await mailer.sendPatiently(to: email, subject: Self.subject(change), lines: lines) }
        } catch {
            log.error("a person was not told of a change to how they get in: too many mails wait")
        }
    }

    /// The same of what was done at the hub's machine; returns when the server has taken it.
    ///
    /// - Throws: `MailError`, `CancellationError`.
    func tellOfOperator(_ email: String, _ change: Change) async throws {
        try await mailer.send(
            to: email, subject: Self.subject(change), lines: lines(change, from: "the hub's own machine", with: "the program pingwatch"))
    }

    func finish() async { await afterwards.finish() }

    private static func subject(_ change: Change) -> String {
        let words =
            switch change {
            case .passwordChanged: "Your password was changed"
            case .passwordReset: "Your password was set anew"
            case .codesOn: "Codes are asked for at your sign-in"
            case .codesOff: "Codes are no longer asked for at your sign-in"
            }
        return "\(words) · Ping Watch"
    }

    private func lines(_ change: Change, from place: String, with program: String) -> [String] {
        let what =
            switch change {
            case .passwordChanged: "the password with which you sign in with this address was changed. All other sign-ins have ended."
            case .passwordReset: "the password with which you sign in with this address was set anew, by a link. All sign-ins have ended."
            case .codesOn:
                "from now on a code of an authenticator app is asked for when you sign in with this address. There are new recovery codes."
            case .codesOff:
                "codes of an authenticator app are no longer asked for when you sign in with this address. Recovery codes are of no use any more."
            }
        let time = formatISO8601(milliseconds: clock.milliseconds)
        return ["Hello,", "", what, "", "When: \(time.prefix(10)) \(time.dropFirst(11).prefix(5)) UTC", "From: \(place), with \(program)", ""]
            + ["If it was you, there is nothing to do."] + advice(change)
    }

    private func advice(_ change: Change) -> [String] {
        let askOperator = "whoever runs this hub"
        let another =
            if mailer.isAvailable, let link = mailer.link("#/forgot") {
                "set another password at once: \(link)"
            } else {
                "ask \(askOperator) at once for a link to set another password."
            }
        let then =
            switch change {
            case .codesOn: "Where a code is asked for that you do not have, \(askOperator) can turn that off."
            case .codesOff: "Then turn codes on again, under “Your account”."
            case .passwordChanged, .passwordReset: "Then look at what else was done, under “Your account”, and tell \(askOperator)."
            }
        return ["If it was not you, \(another)", then]
    }
}
