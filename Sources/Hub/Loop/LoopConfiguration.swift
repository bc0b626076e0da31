// Where the loop listens, on how many threads, and what it lets in.

public import Certificates

public struct LoopConfiguration: Sendable {
    /// A numeric address, or empty for all.
    public var host: String
    /// 0: any free port.
    public var port: Int
    /// WebSocket subprotocols that are agreed to.
    public var subprotocols: [String]
    /// Largest WebSocket message in bytes; a larger one ends its connection with 1009.
    public var maximumMessageBytes: Int
    /// Seconds that a connection has for the head of a request, a handshake, and the next piece of a body.
    public var handshakeSeconds = 30
    /// With them the port speaks TLS. Who speaks plain HTTP there is heard as well, marked by `HTTPHead.isEncrypted`.
    public var credentials: ServerCredentials?
    /// Another port that speaks plain HTTP; 0: any free one.
    public var plainPort: Int?
    /// Threads that serve sockets.
    public var threads = 1
    public var limits = AcceptLimits()

    public init(host: String, port: Int, subprotocols: [String], maximumMessageBytes: Int) {
        self.host = host
        self.port = port
        self.subprotocols = subprotocols
        self.maximumMessageBytes = maximumMessageBytes
    }
}

/// Who is let in before a byte was read.
public struct AcceptLimits: Sendable {
    /// Connections of all kinds at a time; beyond them a new one is hung up on.
    public var connections = 20_000
    /// Connections of one peer address at a time.
    public var connectionsPerAddress = 1024
    /// Connections a second, over a burst of as many. Beyond it the kernel lets them wait: handshakes, those of TLS above all, must not
    /// keep the hub from those who are connected.
    public var perSecond = 20_000.0
    /// Whose connections are not counted by address, for they are others' (a reverse proxy).
    public var isShared: @Sendable (PeerAddress) -> Bool = { _ in false }

    public init() {}
}

/// What has been let in, and what has not.
public struct AcceptStatistics: Sendable {
    /// Connections that are open now.
    public var open = 0
    public var accepted = 0
    /// Hung up on because the hub had as many as it takes.
    public var refusedByHub = 0
    /// Hung up on because their address had as many as it may.
    public var refusedByAddress = 0
    /// Hung up on because the head of a request or a handshake, or the next piece of a body, did not come in time.
    public var lateHeads = 0
    public var lateBodies = 0
    /// Times that others had to wait for the rate.
    public var delays = 0

    public init() {}
}

public enum LoopError: Error, CustomStringConvertible, Sendable {
    case cannotListen(host: String, port: Int)
    /// libwebsockets or libuv could not be set up.
    case cannotServe(reason: String)

    public var description: String {
        switch self {
        case .cannotListen(let host, let port):
            "cannot listen on \(host.isEmpty ? "all addresses" : host), port \(port): the port is taken, or the address is not this machine's"
        case .cannotServe(let reason): "cannot serve connections: \(reason)"
        }
    }
}

/// Whoever answers requests and talks to sockets. No call may block.
public protocol LoopHandler: Sendable {
    /// The head of a request is in. Set the exchange's callbacks before returning. Called on the exchange's own thread.
    func request(_ exchange: HTTPExchange)
    /// Whether a WebSocket handshake goes on; otherwise the HTTP status that refuses it. Called on any of the loop's threads.
    func refusal(of upgrade: HTTPHead) -> Int?
    /// For whom a WebSocket is counted that is not refused: `WebSocket.client`. Called on any of the loop's threads.
    func client(of upgrade: HTTPHead) -> String
    /// This and what follows comes on the loop's executor, whichever thread the socket is on.
    func opened(_ socket: WebSocket)
    func received(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket)
    func closed(_ socket: WebSocket)
    /// What came in this turn is dealt with; what is sent now leaves together with what was sent before.
    func turnEnds()
}
