// What becomes of connections and streams when what they are about is removed.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    /// Clips that are being received of these events are not taken any more.
    func removed(_ events: [EventID], of account: AccountID) {
        let keys = Set(events.map { ClipKey(account: account, event: $0) })
        for client in clients.values {
            for clip in client.clips.values where keys.contains(clip.key) {
                breakOff(clip, of: client, code: "event_removed", reason: "this event was removed", isTemporary: false)
                let writer = clip.writer
                Task { await writer.close() }
            }
        }
    }

    /// Whoever is connected as this camera, with its own token or a person's, is not that any more; nobody watches it.
    func removed(_ key: DeviceKey) {
        revocations.append(.device(key))
        for client in clients.values where client.socket.isOpen && isSensor(client, of: key) {
            client.socket.close(code: CloseCode.badRequest, reason: "this camera was removed")
        }
        if let stream = relayOfDevice[key] { endLive(stream, reason: "the camera was removed") }
        histories[.device(key.account, key.device)] = nil
        histories[.sensor(key.account, key.device)] = nil
    }

    /// - Throws: `PlanExceeded` when as many connections of the account watch as its plan lets.
    func requireRoomForViewer(_ client: Client, of account: AccountID, plan: Plan) throws {
        guard let allowed = plan.viewers, client.watched.isEmpty else { return }
        guard viewers(of: account) < allowed else {
            services.metrics.refused(by: "plan_viewers")
            throw PlanExceeded(.viewers, plan: plan.name, allowed: allowed)
        }
    }

    /// Connections of the account that watch live.
    func viewers(of account: AccountID) -> Int {
        clients.values.count { !$0.watched.isEmpty && $0.identity?.scope.account == account }
    }
}
