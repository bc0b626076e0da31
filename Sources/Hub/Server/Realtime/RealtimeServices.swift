// What the socket protocol's commands are done with.

import Pipeline
import Runtime
import Store

/// The part of `Services` that `RealtimeHub` uses, by reference: to take one of them out of a structure that may be missing copies all of them,
/// which was a quarter of what a connection cost.
final class RealtimeServices: Sendable {
    let authentication: Authentication
    let attempts: AttemptGuard
    let watching: Watching
    let control: DeviceControl
    let reports: DeviceReports
    let events: Events
    let previews: Previews
    let store: Store
    let metrics: Metrics
    let presenter: Presenter

    init(_ services: Services) {
        authentication = services.authentication
        attempts = services.attempts
        watching = services.watching
        control = services.control
        reports = services.reports
        events = services.events
        previews = services.previews
        store = services.store
        metrics = services.metrics
        presenter = services.presenter
    }
}
