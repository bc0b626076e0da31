// The route of the API's description.

import Loop

extension Services {
    /// Made once: neither routes nor their descriptions change while the hub runs.
    func descriptionRoute(of routes: [Route]) -> Route {
        let path = "/openapi.json"
        var access = Dictionary(uniqueKeysWithValues: routes.map { ($0.key, $0.access) })
        access["GET \(path)"] = .open
        let description = APIDescription(version: configuration.version, access: access)
        let file = StaticFile(Array(description.json.text.utf8), type: "application/json")
        return Route(.get, path, .open) { request in file.response(for: request.head, cacheControl: "no-cache") }
    }
}
