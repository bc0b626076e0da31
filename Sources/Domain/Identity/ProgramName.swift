// What somebody signs in with, in words.

/// The name of a program, made of known words alone: what it says of itself is its user's text, which has no place in a mail of the hub.
public enum ProgramName {
    /// The first that fits: most browsers also call themselves by the names of others.
    private static let browsers = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Chromium/", "Chrome"), ("Safari/", "Safari"),
    ]
    private static let systems = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Mac OS X", "Mac"),
        ("Macintosh", "Mac"), ("Linux", "Linux"),
    ]

    /// - Parameter agent: `User-Agent` (RFC 9110, section 10.1.5).
    public static func words(_ agent: String?) -> String {
        let agent = agent ?? ""
        let browser = browsers.first { agent.contains($0.0) }?.1, system = systems.first { agent.contains($0.0) }?.1
        return switch (browser, system) {
        case (let browser?, let system?): "\(browser) on \(system)"
        case (let browser?, nil): browser
        case (nil, let system?): "a program on \(system)"
        case (nil, nil): "an unknown program"
        }
    }
}
