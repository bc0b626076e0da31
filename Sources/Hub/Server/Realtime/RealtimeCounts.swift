// How busy the sockets are, for an operator.

import Loop
import Runtime

struct RealtimeCounts: Sendable {
    var streams = 0
    var viewers = 0
    /// Signed-in connections by kind.
    var sockets: [Command.Connect.Kind: Int] = [:]
    var accepting = AcceptStatistics()

    var gauges: [Metrics.Gauge] {
        var gauges = [
            Metrics.Gauge("pingwatch_live_streams", [:], Double(streams)),
            Metrics.Gauge("pingwatch_live_viewers", [:], Double(viewers)),
            Metrics.Gauge("pingwatch_connections", [:], Double(accepting.open)),
            Metrics.Gauge("pingwatch_connections_accepted_total", [:], Double(accepting.accepted), isTotal: true),
            Metrics.Gauge("pingwatch_accept_delays_total", [:], Double(accepting.delays), isTotal: true),
            Metrics.Gauge("pingwatch_connections_refused_total", ["limit": "hub"], Double(accepting.refusedByHub), isTotal: true),
            Metrics.Gauge("pingwatch_connections_refused_total", ["limit": "address"], Double(accepting.refusedByAddress), isTotal: true),
        ]
        for (limit, count) in [("head", accepting.lateHeads), ("body", accepting.lateBodies)] {
            gauges.append(Metrics.Gauge("pingwatch_connections_refused_total", ["limit": limit], Double(count), isTotal: true))
        }
        for kind in Command.Connect.Kind.allCases {
            gauges.append(Metrics.Gauge("pingwatch_sockets", ["kind": kind.rawValue], Double(sockets[kind] ?? 0)))
        }
        return gauges
    }
}
