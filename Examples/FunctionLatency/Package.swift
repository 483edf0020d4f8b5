// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "FunctionLatency",
    products: [.executable(name: "function-latency", targets: ["function-latency"])],
    dependencies: [.package(name: "policyd", path: "../..")],
    targets: [
        .executableTarget(
            name: "function-latency", dependencies: [.product(name: "BPF", package: "policyd")], path: "Sources", exclude: ["bpf"],
            plugins: [.plugin(name: "EmbedBPFTypes", package: "policyd")])
    ]
)
