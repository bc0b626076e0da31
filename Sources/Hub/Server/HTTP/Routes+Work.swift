// The routes of jobs and of what became of alerts.

import Domain
import Loop
import Pipeline
import Runtime
import Store

extension Services {
    func workRoutes() -> [Route] {
        [
            Route(.get, "/jobs", .needs(.view)) { request in
                var filter = JobFilter()
                filter.state = try request.queryWord("state", Job.State.self)
                filter.work = try request.queryWord("work", Job.Work.self)
                filter.event = try request.queryIdentifier("event_id")
                let jobs = try await store.jobs.list(filter, in: request.scope, page: try request.page())
                return Router.json(.array(jobs.items.map(presenter.job)), headers: next(jobs.nextCursor))
            },
            Route(.post, "/jobs/{id}/retry", .needs(.control)) { request in
                let id: JobID = try request.identifier(0, "job")
                let now = Timestamp(milliseconds: clock.milliseconds)
                switch try await store.jobs.requeue(id, deadline: planner.deadline, in: request.scope, now: now) {
                case .queued(let job): return Router.json(presenter.job(job))
                case .unknown: throw APIError.notFound("job")
                case .refused(let reason): throw APIError.conflict("not_retryable", reason)
                }
            },
            Route(.get, "/deliveries", .needs(.view)) { request in
                let state = try request.queryWord("state", Delivery.State.self)
                let page = try await store.deliveries.list(state: state, in: request.scope, page: try request.page())
                let attempts = try await store.deliveries.attempts(of: page.items, in: request.scope)
                return Router.json(
                    .array(page.items.map { presenter.delivery($0, attempts: attempts[$0.id] ?? []) }), headers: next(page.nextCursor))
            },
            Route(.get, "/events/{id}/deliveries", .needs(.view)) { request in
                let event = try await events.find(try request.identifier(0, "event"), in: request.scope)
                let deliveries = try await store.deliveries.list(event: event.id, in: request.scope)
                let attempts = try await store.deliveries.attempts(of: deliveries, in: request.scope)
                return Router.json(.array(deliveries.map { presenter.delivery($0, attempts: attempts[$0.id] ?? []) }))
            },
            Route(.get, "/events/{id}/timeline", .needs(.view)) { request in
                let event = try await events.find(try request.identifier(0, "event"), in: request.scope)
                let deliveries = try await store.deliveries.list(event: event.id, in: request.scope)
                let targets = try await store.targets.list(device: event.device, in: request.scope)
                return Router.json(presenter.timeline(of: event, deliveries: deliveries, hasTargets: !targets.isEmpty, channels: channels.available))
            },
        ]
    }

    /// What is asked when somebody looks.
    func gauges() async throws -> [Metrics.Gauge] {
        let now = Timestamp(milliseconds: clock.milliseconds)
        var gauges: [Metrics.Gauge] = [Metrics.Gauge("pingwatch_storage_free_bytes", [:], Double(try await storage.room()))]
        gauges += await live.counts().gauges
        let depths = try await store.jobs.depths()
        for lane in [Job.Lane.process] + Delivery.Channel.allCases.map(Job.Lane.deliver) {
            for state in [Job.State.queued, .leased, .dead] {
                let depth = depths.first { $0.lane == lane.name && $0.state == state }
                let labels = ["work": lane.name, "state": state.rawValue]
                gauges.append(Metrics.Gauge("pingwatch_jobs", labels, Double(depth?.count ?? 0)))
                gauges.append(
                    Metrics.Gauge("pingwatch_job_oldest_age_seconds", labels, max(0, depth?.oldest.map { now.seconds(since: $0) } ?? 0)))
            }
        }
        return gauges
    }
}
