// The routes of what an account uses, and of taking everything along.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func usageRoutes() -> [Route] {
        [
            Route(.get, "/account/usage", .needs(.view)) { request in Router.json(try await usage(in: request.scope.whole)) },
            Route(.get, "/account/usage/entries", .needs(.view)) { request in
                let entries = try await store.ledger.list(in: request.scope, page: try request.page())
                return Router.json(.array(entries.items.map(presenter.creditEntry)), headers: next(entries.nextCursor))
            },
            Route(.get, "/account/export", .needs(.own)) { request in
                let now = Timestamp(milliseconds: clock.milliseconds)
                let reader = try await AccountExport(services: self, scope: request.scope, now: now).write()
                try await record(request, "account.exported")
                let day = formatISO8601(milliseconds: now.milliseconds).prefix(10)
                return HTTPResponse(
                    status: 200,
                    headers: [
                        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                        ("Content-Disposition", "attachment; filename=\"ping-watch-\(day).json\""),
                    ], body: MediaPieces(reader, 0..<reader.size).body)
            },
        ]
    }

    private func usage(in scope: AccountScope) async throws -> JSON {
        let month = CalendarMonth(containing: Timestamp(milliseconds: clock.milliseconds))
        let plan = try await store.plans.current(in: scope), used = try await store.ledger.use(in: month, scope)
        return [
            "plan": presenter.plan(plan), "month": .string(month.description),
            "credits": [
                "used": .integer(Int64(used.credits)), "included": .optional(plan.credits), "left": .optional(plan.credits.map { max(0, $0 - used.credits) }),
            ],
            "analysed_seconds": ["used": .number(used.seconds), "included": .optional(plan.analysedSecondsPerMonth)],
            "devices": .integer(Int64(try await store.devices.list(in: scope).count)),
            "viewers": .integer(Int64(await live.viewers(in: scope))), "entries_url": "/account/usage/entries",
        ]
    }
}
