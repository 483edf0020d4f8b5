// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "PacketCounter",
    products: [.executable(name: "packet-counter", targets: ["packet-counter"])],
    dependencies: [.package(name: "policyd", path: "../..")],
    targets: [
        .executableTarget(
            name: "packet-counter", dependencies: [.product(name: "BPF", package: "policyd")], path: "Sources", exclude: ["bpf"],
            plugins: [.plugin(name: "EmbedBPFTypes", package: "policyd")])
    ]
)
