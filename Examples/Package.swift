// swift-tools-version: 6.2
import PackageDescription

// Builds all examples at once, and the library that they share once. Each is a package of its own.
let examples = [
    "PacketCounter": "packet-counter", "OpenLog": "open-log", "FunctionLatency": "function-latency", "SwiftCounter": "swift-counter",
]
let package = Package(
    name: "Examples",
    dependencies: examples.keys.sorted().map { .package(path: $0) },
    targets: [
        .target(
            name: "All", dependencies: examples.sorted { $0.key < $1.key }.map { .product(name: $0.value, package: $0.key) }, path: "All")
    ]
)
