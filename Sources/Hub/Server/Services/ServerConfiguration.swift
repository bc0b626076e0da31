// What the server part of the hub is told at start.

public import Certificates
public import Credentials
public import Domain
public import Runtime

public struct ServerConfiguration: Sendable {
    /// Whether requests need a token.
    public var authRequired: Bool
    /// Whether anybody can sign in by naming an e-mail address.
    public var devLoginEnabled: Bool
    /// Of access tokens, and of the refresh tokens that get others.
    public var tokenLifetimeSeconds: Double
    public var refreshLifetimeSeconds = 2_592_000.0
    /// Who may become a user by themselves.
    public var signUp = SignUpPolicy.invitation
    /// What a hash of a password costs.
    public var passwordParameters = PasswordHash.Parameters.standard
    /// Whose tokens people may sign in with.
    public var oidc: OIDCConfiguration?
    /// Of processes that write what events show.
    public var workerToken: Secret?
    /// Folder of the web page.
    public var publicFolder: String
    public var version: String
    /// Who may read `/metrics`; nobody where it is not set.
    public var metricsToken: Secret?
    /// With it the hub's port speaks TLS.
    public var encryption: Encryption?
    /// Whose word on clients is believed.
    public var proxies = TrustedProxies.none
    /// Where people reach the page, without a slash at the end.
    public var publicURL: String?
    public var limits = Limits()

    /// Whether people reach the page by https only.
    var isPublicSecure: Bool { publicURL?.hasPrefix("https://") == true }

    /// Whose certificate the hub has.
    public enum Encryption: Sendable {
        /// One that was given; browsers shall remember that there is TLS.
        case given
        /// One of an authority of its own, which is shown to whoever wants to install it. Asked for each time: it may be replaced.
        case local(authority: @Sendable () -> Certificate)
    }

    public struct Limits: Sendable {
        /// A binary message of the socket, header included.
        public var maximumFrameBytes = 1 << 20
        /// A text message of the socket. Its commands are parsed at one go, and everybody else waits so long.
        public var maximumTextBytes = 64 << 10
        /// Unacknowledged payload of one streamed clip, of which the largest frame is a part.
        public var clipWindowBytes: Int { max(1 << 20, maximumFrameBytes) }
        public var maximumClipSeconds = 120.0
        /// A clip uploaded whole.
        public var maximumUploadBytes: Int64 = 512 << 20
        public var maximumStillBytes = 512 << 10
        /// A streamed clip of which nothing is heard for so long is closed with what arrived.
        public var clipIdleSeconds = 300.0
        /// A camera's problem that lasts so long is told, and its absence; 0: never.
        public var attentionSeconds = 60.0
        public var offlineSeconds = 60.0
        /// Clips that one device may begin in an hour; 0: no limit.
        public var uploadsPerHour = 0
        /// No account keeps events longer; `nil`: as long as its plan says.
        public var retentionDays: Int?
        /// Events of one account that may wait to be processed; more are refused until some are done.
        public var maximumBacklog = 1000
        /// A JSON body.
        public var maximumBodyBytes = 256 << 10
        /// Control messages that wait for one connection before it is closed as too slow.
        public var maximumControlBytes = 1 << 20
        public var pingSeconds = 25.0
        /// How exactly it is kept when a connected device was last heard of.
        public var touchSeconds = 10.0
        public var pongPatienceSeconds = 10.0
        public var connectSeconds = 10.0
        /// What one connection may send.
        public var rate = RateBudget.Limits()
        /// Socket connections of one user.
        public var maximumConnectionsPerUser = 64
        /// Socket connections of one address behind trusted proxies; others the loop counts.
        public var maximumConnectionsPerAddress = 1024
        /// Commands of one connection that wait for their turn.
        public var maximumQueuedCommands = 256
        /// Channels that one connection hears, those of the hub included.
        public var maximumSubscriptions = 128
        /// What a connection has after its token expired: some clients begin to refresh only then.
        public var expiryGraceSeconds = 10.0
        public var live = LiveLimits()
        /// How long a snapshot waits for the camera's picture.
        public var snapshotPatienceSeconds = 5.0
        /// How old the picture of a snapshot may be when it is decoded, and for how long the snapshot is used again.
        public var snapshotSeconds = 2.0
        /// Snapshots that are made or waited for at a time, of all accounts.
        public var maximumSnapshots = 64
        public var maximumSnapshotsPerAccount = 32
        public init() {}
    }

    public init(authRequired: Bool, devLoginEnabled: Bool, tokenLifetimeSeconds: Double, publicFolder: String, version: String) {
        self.authRequired = authRequired
        self.devLoginEnabled = devLoginEnabled
        self.tokenLifetimeSeconds = tokenLifetimeSeconds
        self.publicFolder = publicFolder
        self.version = version
    }
}
