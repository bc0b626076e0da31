// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// One module map and shim header per C library, no logic.
func cLibrary(_ name: String, in parent: String, pkgConfig: String?) -> Target {
    .systemLibrary(name: name, path: "\(parent)/C/\(name)", pkgConfig: pkgConfig)
}

func module(_ name: String, path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let package = Package(
    name: "pingwatch",
    products: [.executable(name: "pingwatch", targets: ["pingwatch"])],
    targets: [
        cLibrary("CLibAV", in: "Sources/Media", pkgConfig: "libavformat"),
        cLibrary("CWebsockets", in: "Sources/Hub", pkgConfig: "libwebsockets"),
        cLibrary("CUV", in: "Sources/Hub", pkgConfig: "libuv"),
        cLibrary("CSQLite", in: "Sources/Hub", pkgConfig: "sqlite3"),
        cLibrary("CPQ", in: "Sources/Hub", pkgConfig: "libpq"),
        cLibrary("CCrypto", in: "Sources/Hub", pkgConfig: "openssl"),
        cLibrary("CThreads", in: "Sources/Hub", pkgConfig: nil),
        cLibrary("CMalloc", in: "Sources/Hub", pkgConfig: nil),
        cLibrary("CJansson", in: "Sources/Hub", pkgConfig: "jansson"),
        cLibrary("CCurl", in: "Sources/Hub", pkgConfig: "libcurl"),
        cLibrary("CZlib", in: "Sources/Hub", pkgConfig: "zlib"),
        cLibrary("CBrotli", in: "Sources/Hub", pkgConfig: "libbrotlienc"),
        cLibrary("CArgon2", in: "Sources/Hub", pkgConfig: "libargon2"),
        cLibrary("CQRencode", in: "Sources/Hub", pkgConfig: "libqrencode"),

        module("Domain", path: "Sources/Domain"),
        module("Media", path: "Sources/Media", ["Domain", "CLibAV"], exclude: ["C"]),
        module("Runtime", path: "Sources/Hub/Runtime", ["CCrypto", "CThreads", "CMalloc", "CJansson"]),
        module("Certificates", path: "Sources/Hub/Certificates", ["Runtime", "CCrypto"]),
        module("Credentials", path: "Sources/Hub/Credentials", ["Domain", "Runtime", "CCrypto", "CArgon2", "CQRencode"]),
        module("Loop", path: "Sources/Hub/Loop", ["CWebsockets", "CUV", "Certificates", "Runtime"]),
        module("Store", path: "Sources/Hub/Store", ["Domain", "Runtime", "CSQLite", "CPQ"]),
        module("Pipeline", path: "Sources/Hub/Pipeline", ["Domain", "Media", "Store", "Runtime", "CCurl"]),
        module(
            "Server", path: "Sources/Hub/Server",
            ["Domain", "Media", "Loop", "Store", "Pipeline", "Certificates", "Credentials", "Runtime", "CZlib", "CBrotli"]),
        .executableTarget(
            name: "pingwatch", dependencies: ["Domain", "Media", "Loop", "Store", "Pipeline", "Server", "Certificates", "Credentials", "Runtime"],
            path: "Sources/Hub/App", swiftSettings: strict),

        module("TestSupport", path: "Tests/Support", ["Store", "Runtime"]),
        tests("DomainTests", ["Domain"]),
        tests("MediaTests", ["Domain", "Media", "CLibAV"]),
        tests("RuntimeTests", ["Runtime"]),
        tests("CertificateTests", ["Certificates", "Runtime"]),
        tests("CredentialsTests", ["Credentials", "Domain", "Runtime"]),
        tests("LoopTests", ["Loop", "Certificates", "Runtime"]),
        tests("StoreTests", ["Domain", "Store", "Runtime"]),
        tests("PipelineTests", ["Domain", "Media", "Store", "Pipeline", "Runtime"]),
        tests("ServerTests", ["Domain", "Server", "Store", "Pipeline", "Loop", "Runtime"]),
    ]
)

// libFuzzer brings a main function of its own: this target is no part of other builds. scripts/fuzz.
if Context.environment["PINGWATCH_FUZZ"] != nil {
    package.products.append(.executable(name: "fuzz", targets: ["fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["Domain", "Media", "Loop", "Store", "Pipeline", "Server", "Certificates", "Credentials", "Runtime"],
            path: "Tests/Fuzz/Sources", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
