// `pingwatch user`: who is here, and letting somebody in again whom no mail can help.

import Credentials
import Domain
import Pipeline
import Runtime
import Server
import Store

#if canImport(Glibc)
import Glibc
#endif

struct UserCommand: Sendable {
    private enum Action: Sendable {
        case list
        case link(email: String, disablesCodes: Bool)
        case forgetCodes
    }

    private static let disableCodes = "--disable-codes"

    private let action: Action
    /// Options, such as `--data-dir`.
    let rest: [String]

    /// `nil` for what is none of its actions.
    init?(_ arguments: [String]) {
        switch arguments.first {
        case "list":
            action = .list
            rest = Array(arguments.dropFirst())
        case "forget-codes":
            action = .forgetCodes
            rest = Array(arguments.dropFirst())
        case "link" where arguments.count >= 2 && !arguments[1].hasPrefix("-"):
            action = .link(email: arguments[1], disablesCodes: arguments.dropFirst(2).contains(Self.disableCodes))
            rest = arguments.dropFirst(2).filter { $0 != Self.disableCodes }
        default: return nil
        }
    }

    /// - Returns: what is printed.
    func run(on store: Store, _ configuration: Configuration, clock: WallClock) async throws -> [String] {
        let operatorLinks = OperatorLinks(
            store: store, mail: configuration.mailServer.map { MailClient(server: $0, timeoutSeconds: 20) }, publicURL: configuration.publicURL,
            clock: clock)
        switch action {
        case .list:
            var names: [AccountID: String] = [:]
            for account in try await store.accounts.list() { names[account.id] = account.name }
            return try await store.users.list().flatMap { person in Self.words(person.credentials, person.memberships, names) }
        case .forgetCodes:
            let people = try await operatorLinks.disableAllCodes()
            return ["codes of an app are asked of nobody any more; so far of \(people.count)"]
                + people.map { "user \(Self.printable($0.email))\($0.untold.map { "  not told by mail: \($0)" } ?? "")" }
        case .link(let email, let disablesCodes):
            guard let page = configuration.pageURL(port: configuration.port) else {
                throw Configuration.Mistakes(lines: ["PORT: 0 does not say where the hub listens; name its port by --port, or set PUBLIC_URL"])
            }
            let made = try await operatorLinks.make(for: email, disablingCodes: disablesCodes)
            let link = "\(page)/\(made.fragment.value)"
            var lines = ["with this link \(Self.printable(made.email)) sets another password; it works once, within 30 minutes:", link]
            switch made.codes {
            case .none: break
            case .asked: lines.append("a code of their app is asked for at the sign-in as well; where that is lost too: \(Self.disableCodes)")
            case .disabled: lines.append("codes of an app are not asked for any more")
            }
            if let reason = made.untold { lines.append("they were not told of it by mail: \(reason)") }
            if isatty(STDOUT_FILENO) == 1, let code = QRCode(link)?.terminal { lines.append(code) }
            return lines
        }
    }

    private static func words(_ credentials: UserCredentials, _ memberships: [Membership], _ names: [AccountID: String]) -> [String] {
        let codes = credentials.hasTOTP ? "on" : "off", password = credentials.passwordHash == nil ? "none" : "set"
        return ["user \(printable(credentials.user.email))  password \(password)  codes \(codes)"]
            + memberships.map { "  \($0.role.rawValue) of account \($0.user.account)  \(printable(names[$0.user.account] ?? ""))" }
    }

    /// Names are what people have typed: on a terminal, control characters would do more than show.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isControl ? "\u{fffd}" : $0 }))
    }
}
