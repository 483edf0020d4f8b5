// swift-tools-version: 6.2
import PackageDescription

let library = { (name: String) in Target.Dependency.product(name: name, package: "policyd") }
let package = Package(
    name: "SwiftCounter",
    products: [.executable(name: "swift-counter", targets: ["swift-counter"])],
    dependencies: [.package(name: "policyd", path: "../..")],
    targets: [
        // Compiled twice: for the host, and for the kernel.
        .target(name: "Traffic", dependencies: [library("EBPF")], path: "Traffic"),
        .executableTarget(
            name: "swift-counter", dependencies: [library("BPF"), library("EBPF"), "Traffic"], path: "Counter",
            exclude: ["counter.bpf.swift"], plugins: [.plugin(name: "EmbedBPF", package: "policyd")]),
    ]
)
