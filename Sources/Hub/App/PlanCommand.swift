// `pingwatch plan`: what accounts may use.

import Domain
import Store

struct PlanCommand: Sendable {
    private enum Action: Sendable {
        case list
        case set(account: String, plan: String)
    }

    /// What an operator is told instead.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private let action: Action
    /// Options, such as `--data-dir`.
    let rest: [String]

    /// `nil` for what is none of its actions.
    init?(_ arguments: [String]) {
        switch arguments.first {
        case "list":
            action = .list
            rest = Array(arguments.dropFirst())
        case "set" where arguments.count >= 3 && !arguments[1...2].contains { $0.hasPrefix("-") }:
            action = .set(account: arguments[1], plan: arguments[2])
            rest = Array(arguments.dropFirst(3))
        default: return nil
        }
    }

    /// - Returns: what is printed.
    func run(on store: Store) async throws -> [String] {
        let plans = try await store.plans.list()
        switch action {
        case .list:
            let accounts = try await store.accounts.list()
            return plans.map(Self.words) + accounts.map { "account \($0.id)  \($0.plan)  \($0.name)" }
        case .set(let account, let name):
            guard let plan = plans.first(where: { $0.id == name }) else {
                throw Refused(description: "there is no plan \(name); there are \(plans.map(\.id).joined(separator: ", "))")
            }
            guard let id = AccountID(account), try await store.plans.set(plan, of: id) else {
                throw Refused(description: "there is no account \(account); pingwatch plan list names them")
            }
            return ["account \(id)  \(plan.id)"]
        }
    }

    private static func words(_ plan: Plan) -> String {
        func limit(_ number: Int?) -> String { number.map(String.init) ?? "any" }
        return "plan \(plan.id)  analysed s/month \(limit(plan.analysedSecondsPerMonth))  clip s \(limit(plan.maximumClipSeconds.map { Int($0) }))"
            + "  uploads/hour \(limit(plan.uploadsPerHour))  days \(limit(plan.retentionDays))  devices \(limit(plan.devices))"
            + "  viewers \(limit(plan.viewers))"
    }
}
