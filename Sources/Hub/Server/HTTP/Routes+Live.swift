// The route of a camera's picture of now.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func liveRoutes() -> [Route] {
        [
            Route(.get, "/devices/{id}/snapshot.jpg", .open) { request in
                let scope = try await snapshotScope(request)
                let device: DeviceID = try request.identifier(0, "device")
                guard try await store.devices.find(device, in: scope) != nil else { throw APIError.notFound("device") }
                let jpeg = try await snapshots.jpeg(of: device, in: scope, width: try request.snapshotWidth())
                return HTTPResponse(
                    status: 200, headers: [("Content-Type", "image/jpeg"), ("Cache-Control", "no-store")], body: .bytes(jpeg))
            }
        ]
    }

    /// By a signed link or by a token: `<img>` can send no header.
    private func snapshotScope(_ request: Request) async throws -> AccountScope {
        guard request.head.query("s") != nil else {
            let address = configuration.proxies.clientAddress(of: request.head)
            let principal = try await authentication.grant(token: Router.bearer(request.head), from: address, attempts).principal
            guard principal.may(.view) else { throw APIError.forbidden }
            return principal.scope
        }
        let scope = signer.scope(
            device: try request.identifier(0, "device"), request.linkProof, now: Timestamp(milliseconds: clock.milliseconds))
        guard let scope else { throw APIError.notFound("device") }
        return scope
    }
}
