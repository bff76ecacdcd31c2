// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every Swift target: language mode 6, warnings are errors, unsafe code is marked.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Declares a library target and its settings.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// Declares a test target named after what it tests.
func tests(_ subject: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: subject + "Tests",
        dependencies: [.init(stringLiteral: subject)] + dependencies,
        resources: resources,
        swiftSettings: settings
    )
}

let packages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
]

/// What signalling at the edge stands on; the floors below use no package.
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

// A target imports only from floors above its own; docs/architecture.md has the table.

let systemLibraries: [Target] = [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
    .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(name: "CVPX", pkgConfig: "vpx", providers: [.apt(["libvpx-dev"])]),
    .systemLibrary(
        name: "CFFmpeg",
        pkgConfig: "libavformat libavcodec libavutil libswresample libswscale",
        providers: [
            .apt(["libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswresample-dev", "libswscale-dev"])
        ]
    ),
    .target(name: "CLinux"),
]

let core: [Target] = [
    library("SansIO"),
    library("Digests", ["COpenSSL"]),
    library("MediaTypes", ["SansIO"]),
    library("NetworkSimulation", ["SansIO"]),
    tests("SansIO"),
    tests("Digests"),
    tests("NetworkSimulation", ["SansIO"]),
]

let signalling: [Target] = [
    library("SIPMessages", ["SansIO"]),
    library("SDP", ["SansIO", "MediaTypes"]),
    library("SIPStack", ["SansIO", "Digests", "SIPMessages"]),
    tests("SIPMessages", ["SansIO"], resources: [.copy("Vectors")]),
    tests("SDP", ["SansIO", "MediaTypes"]),
    tests("SIPStack", ["SansIO", "Digests", "SIPMessages"]),
]

let transport: [Target] = [
    library("STUN", ["SansIO", "Digests"]),
    library("ICE", ["SansIO", "STUN"]),
    library("DTLS", ["SansIO", "Digests", "COpenSSL"]),
    library("SRTP", ["SansIO", "CSRTP"]),
    library("RTP", ["SansIO", "MediaTypes"]),
    library("MediaTransport", ["SansIO", "MediaTypes", "SDP", "STUN", "ICE", "DTLS", "SRTP", "RTP"]),
    tests("STUN", ["SansIO", "Digests"]),
    tests("ICE", ["SansIO", "STUN", "NetworkSimulation"]),
    tests("DTLS", ["SansIO", "Digests", "NetworkSimulation"]),
    tests("SRTP", ["SansIO", "COpenSSL", "Digests"]),
    tests("RTP", ["SansIO", "MediaTypes", "NetworkSimulation"]),
    tests(
        "MediaTransport",
        ["SansIO", "MediaTypes", "SDP", "STUN", "ICE", "DTLS", "SRTP", "RTP", "NetworkSimulation"]
    ),
]

let media: [Target] = [
    library("Codecs", ["SansIO", "MediaTypes", "COpus", "CVPX"]),
    library("MediaFiles", ["SansIO", "MediaTypes", "CFFmpeg"]),
    library("MediaQuality", ["SansIO", "MediaTypes"]),
    library("MediaGraph", ["SansIO", "MediaTypes", "RTP", "MediaTransport", "Codecs"]),
    tests("Codecs", ["SansIO", "MediaTypes"]),
    tests("MediaFiles", ["SansIO", "MediaTypes"]),
    tests("MediaQuality", ["SansIO", "MediaTypes"]),
    tests("MediaGraph", ["SansIO", "MediaTypes", "RTP", "MediaTransport", "Codecs", "NetworkSimulation"]),
]

let edge: [Target] = [
    library(
        "NetworkDriver",
        ["SansIO", "STUN", "CLinux", .product(name: "Logging", package: "swift-log")] + nio
    ),
    tests("NetworkDriver", ["SansIO", "STUN", "CLinux"] + nio, resources: [.copy("Certificates")]),
]

let product: [Target] = [
    library(
        "Offhook",
        ["SansIO", "SIPMessages", "SIPStack", "NetworkDriver", .product(name: "Yams", package: "Yams")]
    ),
    library("LocalRegistrar", ["SansIO", "SIPMessages", "SIPStack", "NetworkDriver"]),
    .executableTarget(
        name: "OffhookCLI",
        dependencies: [
            "SansIO", "DTLS", "SRTP", "Codecs", "MediaFiles", "NetworkDriver", "Offhook", "LocalRegistrar",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        exclude: ["Page"],
        swiftSettings: settings
    ),
    tests("Offhook", ["SansIO", "SIPMessages", "SIPStack", "NetworkDriver", "LocalRegistrar"]),
    tests("LocalRegistrar", ["SansIO", "SIPMessages", "SIPStack"]),
]

let package = Package(
    name: "offhook",
    products: [.executable(name: "offhook", targets: ["OffhookCLI"])],
    dependencies: packages,
    targets: systemLibraries + core + signalling + transport + media + edge + product
)
