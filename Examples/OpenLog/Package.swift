// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "OpenLog",
    products: [.executable(name: "open-log", targets: ["open-log"])],
    dependencies: [.package(name: "policyd", path: "../..")],
    targets: [
        .executableTarget(
            name: "open-log", dependencies: [.product(name: "BPF", package: "policyd")], path: "Sources", exclude: ["bpf"],
            plugins: [.plugin(name: "EmbedBPFTypes", package: "policyd")])
    ]
)
