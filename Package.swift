// swift-tools-version: 6.2
import PackageDescription

/// The language features every target is written in.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Library targets also say where they step outside memory safety.
let library: [SwiftSetting] = house + [.strictMemorySafety()]

/// What the module for programs in the kernel is written in: the address of a map is that of memory without a type.
let kernel: [SwiftSetting] = library + [.enableExperimentalFeature("RawLayout"), .enableExperimentalFeature("BuiltinModule")]

let package = Package(
    name: "policyd",
    products: [
        .library(name: "BPF", targets: ["BPF"]),
        .library(name: "EBPF", targets: ["EBPF"]),
        .library(name: "BPFTesting", targets: ["BPFTesting"]),
        .plugin(name: "EmbedBPF", targets: ["EmbedBPF"]),
        .plugin(name: "EmbedBPFTypes", targets: ["EmbedBPFTypes"]),
        .executable(name: "policyd", targets: ["policyd"]),
        .executable(name: "policyctl", targets: ["policyctl"]),
        .executable(name: "bpf-swift", targets: ["bpf-swift"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/onevcat/Rainbow", exact: "4.2.2"),
        .package(url: "https://github.com/ordo-one/TextTable", exact: "0.0.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // The eBPF library, which knows nothing of policies.
        .systemLibrary(name: "CLibBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev", "libelf-dev"])]),
        .target(name: "BPF", dependencies: ["CLibBPF"], swiftSettings: library),
        .target(name: "BPFTesting", dependencies: ["BPF", "CLibBPF"], swiftSettings: library),
        // What programs for the kernel are written with. Here it is built for the host: types both sides share, and logic to be tested.
        .systemLibrary(name: "CEBPF"),
        .target(name: "EBPF", dependencies: ["CEBPF"], swiftSettings: kernel),
        // Objects that others made.
        .target(
            name: "Probes",
            dependencies: [
                "BPF", "BPFObjects", "CLibBPF", "PolicyModel",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: library),

        // eBPF sources, compiled by the plugin and embedded; headers shared by kernel and Swift.
        .executableTarget(name: "bpf-embed", dependencies: ["EBPFCompiler"], swiftSettings: house),
        .plugin(name: "EmbedBPF", capability: .buildTool(), dependencies: ["bpf-embed"]),
        // The same with Swift types of what the objects declare. A plugin of its own: this tool needs the library, which only those who use
        // it then build for the tool as well.
        .executableTarget(name: "bpf-generate", dependencies: ["BPF"], swiftSettings: house),
        .plugin(name: "EmbedBPFTypes", capability: .buildTool(), dependencies: ["bpf-embed", "bpf-generate"]),
        // eBPF programs written in Swift: the compiler of them, and a tool to run it by hand.
        .target(name: "EBPFCompiler", swiftSettings: house),
        .executableTarget(name: "bpf-swift", dependencies: ["EBPFCompiler"], swiftSettings: house),
        .testTarget(name: "EBPFCompilerTests", dependencies: ["EBPFCompiler"], swiftSettings: house),
        .systemLibrary(name: "CDatapath", path: "bpf/include"),
        .target(
            name: "BPFObjects", dependencies: ["BPF", "EBPF", "ProbeRecords"], path: "bpf", exclude: ["include", "probes/include"],
            sources: ["Objects.swift"], swiftSettings: library, plugins: ["EmbedBPF"]),
        // The records of bundled probes: of those in Swift, and of those in C.
        .target(name: "ProbeRecords", dependencies: ["EBPF"], swiftSettings: library),
        .systemLibrary(name: "CBundledProbes", path: "bpf/probes/include"),

        // From documents to packets.
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibCrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "PolicyModel", dependencies: ["CLibCrypto", "CYAML"], swiftSettings: library,
            linkerSettings: [.linkedLibrary(":libyaml.a"), .linkedLibrary(":libcrypto.a")]),
        .target(name: "PolicyTesting", dependencies: ["PolicyModel"], swiftSettings: library),
        .target(name: "PolicyImport", dependencies: ["PolicyModel"], swiftSettings: library),
        .target(name: "PolicyCompiler", dependencies: ["PolicyModel", "CDatapath"], swiftSettings: library),
        .target(
            name: "Datapath",
            dependencies: [
                "BPF", "BPFObjects", "CDatapath", "CLibBPF", "PolicyCompiler", "PolicyModel",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: library),
        .target(
            name: "PolicyAPI",
            dependencies: [
                "PolicyModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: library),

        // The two programs.
        .executableTarget(
            name: "policyd",
            dependencies: [
                "Datapath", "PolicyAPI", "PolicyCompiler", "PolicyModel", "Probes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: house),
        .executableTarget(
            name: "policyctl",
            dependencies: [
                "BPF", "Datapath", "PolicyAPI", "PolicyCompiler", "PolicyImport", "PolicyModel", "Probes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Rainbow", package: "Rainbow"),
                .product(name: "TextTable", package: "TextTable"),
            ], swiftSettings: house),

        // What scripts/bench runs.
        .executableTarget(
            name: "agreement",
            dependencies: [
                "Datapath", "PolicyCompiler", "PolicyModel", "PolicyTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Agreement", swiftSettings: house),
        .executableTarget(
            name: "scale",
            dependencies: [
                "PolicyCompiler", "PolicyModel", "PolicyTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Scale", swiftSettings: house),
        .target(name: "CDesigns", path: "Benchmarks/Designs/Prototypes"),
        .executableTarget(
            name: "designs",
            dependencies: [
                "CDatapath", "CDesigns", "PolicyCompiler", "PolicyModel", "PolicyTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Designs/Program", swiftSettings: house),
        .executableTarget(
            name: "fuzz-documents",
            dependencies: [
                "PolicyCompiler", "PolicyModel", "PolicyTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Fuzz", swiftSettings: house),
        // The eBPF library from many tasks at once, for scripts/sanitise.
        .executableTarget(
            name: "stress", dependencies: ["BPF", "BPFTesting", "BPFTestObjects", "CBPFTestObjects"], path: "Benchmarks/Stress",
            swiftSettings: house),
        .executableTarget(
            name: "fuzz-objects",
            dependencies: [
                "BPF", "CorpusObjects", "Probes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/FuzzObjects", swiftSettings: house),
        .systemLibrary(name: "CBenchmark", path: "Benchmarks/Programs/include"),
        .target(
            name: "BenchmarkObjects", dependencies: ["BPF"], path: "Benchmarks/Programs", exclude: ["include"], sources: ["Objects.swift"],
            swiftSettings: house, plugins: ["EmbedBPF"]),
        .executableTarget(
            name: "numbers",
            dependencies: [
                "BPF", "BPFObjects", "BPFTesting", "BenchmarkObjects", "CBenchmark", "CLibBPF", "Datapath", "PolicyCompiler", "PolicyModel",
                "PolicyTesting", "ProbeTwins",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], path: "Benchmarks/Numbers", swiftSettings: house),
        .target(
            name: "SwitchTraffic", dependencies: ["BPF", "BPFObjects", "BPFTesting", "BPFTestObjects", "CBPFTestObjects"],
            path: "Benchmarks/SwitchTraffic", swiftSettings: house),
        .executableTarget(
            name: "switches",
            dependencies: [
                "BPFTesting", "Datapath", "OtherBuild", "PolicyCompiler", "PolicyModel", "PolicyTesting", "SwitchTraffic",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], path: "Benchmarks/Switch", swiftSettings: house),

        // Tests of the eBPF library, with programs and a shared header of their own.
        .systemLibrary(name: "CBPFTestObjects", path: "Tests/BPFTestObjects/include"),
        .target(
            name: "BPFTestObjects", dependencies: ["BPF"], path: "Tests/BPFTestObjects", exclude: ["include"], sources: ["Objects.swift"],
            swiftSettings: house, plugins: ["EmbedBPF"]),
        // Tests of the module for the kernel, with programs in Swift, and what they share with the tests.
        .target(name: "EBPFTestTypes", dependencies: ["EBPF"], path: "Tests/EBPFTestTypes", swiftSettings: house),
        .target(
            name: "EBPFTestObjects", dependencies: ["BPF", "EBPF", "EBPFTestTypes"], path: "Tests/EBPFTestObjects",
            sources: ["Objects.swift"], swiftSettings: house, plugins: ["EmbedBPF"]),
        .testTarget(
            name: "EBPFTests", dependencies: ["BPF", "BPFTesting", "EBPF", "EBPFTestObjects", "EBPFTestTypes"], swiftSettings: house),
        // Swift in the kernel: constructs of the language compiled for both sides, and programs with each of them.
        .target(name: "SwiftConstructs", dependencies: ["EBPF"], path: "Tests/SwiftConstructs", swiftSettings: house),
        .target(
            name: "SwiftObjects", dependencies: ["BPF", "EBPF", "SwiftConstructs"], path: "Tests/SwiftObjects", sources: ["Objects.swift"],
            swiftSettings: house, plugins: ["EmbedBPF"]),
        .testTarget(
            name: "SwiftProgramTests",
            dependencies: ["BPF", "BPFTesting", "CLibBPF", "EBPF", "EBPFCompiler", "ParserFuzz", "SwiftConstructs", "SwiftObjects"],
            swiftSettings: house),
        // What scripts/fuzz-parsers runs: inputs for the packet parser among them, and a plain parser to hold it against.
        .target(
            name: "ParserFuzz", dependencies: ["EBPF", "SwiftConstructs"], path: "Tests/ParserFuzz", exclude: ["corpus"],
            swiftSettings: house),
        // Swift types that the plugin makes of objects, and those who use them.
        .target(
            name: "GeneratedObjects", dependencies: ["BPF"], path: "Tests/GeneratedObjects", sources: ["Objects.swift"],
            swiftSettings: library, plugins: ["EmbedBPFTypes"]),
        .testTarget(
            name: "GeneratedTests",
            dependencies: [
                "BPF", "BPFObjects", "BPFTestObjects", "BPFTesting", "CBPFTestObjects", "CorpusObjects", "GeneratedObjects", "bpf-generate",
            ], swiftSettings: house),
        // Objects with everything that objects have, to be broken.
        .target(
            name: "CorpusObjects", dependencies: ["BPF"], path: "Tests/Objects", sources: ["Objects.swift"],
            swiftSettings: house, plugins: ["EmbedBPF"]),
        // The datapath's programs as another build of the daemon has them.
        .target(
            name: "OtherBuild", dependencies: ["BPF"], path: "Tests/OtherBuild", exclude: ["include"], sources: ["Objects.swift"],
            swiftSettings: house, plugins: ["EmbedBPF"]),
        .testTarget(
            name: "BPFTests", dependencies: ["BPF", "BPFTesting", "BPFTestObjects", "CBPFTestObjects", "CLibBPF"], swiftSettings: house),
        .testTarget(
            name: "ProbesTests",
            dependencies: ["BPF", "BPFTesting", "BPFTestObjects", "CorpusObjects", "PolicyModel", "Probes", "fuzz-objects"],
            swiftSettings: house),
        // Tests of the bundled probes, with functions of their own to probe.
        .target(name: "CProbeTarget", path: "Tests/ProbeTarget"),
        // Those that are written in Swift, in C, and the datapath's header walk in both.
        .target(
            name: "ProbeTwins", dependencies: ["BPF", "EBPF"], path: "Tests/ProbeTwins", sources: ["Objects.swift"], swiftSettings: house,
            plugins: ["EmbedBPF"]),
        .testTarget(
            name: "BundledProbesTests",
            dependencies: [
                "BPF", "BPFObjects", "BPFTesting", "CBundledProbes", "CLibBPF", "CProbeTarget", "EBPF", "ProbeRecords", "ProbeTwins",
            ], swiftSettings: house),
        .testTarget(name: "PolicyImportTests", dependencies: ["PolicyImport", "PolicyModel", "PolicyTesting"], swiftSettings: house),
        .testTarget(name: "PolicyModelTests", dependencies: ["PolicyCompiler", "PolicyModel", "PolicyTesting"], swiftSettings: house),
        .testTarget(
            name: "PolicyCompilerTests", dependencies: ["CDatapath", "PolicyCompiler", "PolicyModel", "PolicyTesting"], swiftSettings: house
        ),
        .testTarget(name: "NumbersTests", dependencies: ["numbers"], swiftSettings: house),
        .testTarget(
            name: "DatapathTests",
            dependencies: [
                "Datapath", "BPF", "BPFObjects", "BPFTestObjects", "BPFTesting", "CDatapath", "OtherBuild", "PolicyCompiler",
                "PolicyModel", "PolicyTesting", "SwitchTraffic", .product(name: "Logging", package: "swift-log"),
            ], exclude: ["VerifierCosts.txt"], swiftSettings: house),
        .testTarget(name: "PolicyAPITests", dependencies: ["PolicyAPI", "PolicyModel"], swiftSettings: house),
        .testTarget(
            name: "PolicydTests",
            dependencies: [
                "policyd", "PolicyAPI", "PolicyCompiler", "PolicyModel",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: house),
        .testTarget(name: "PolicyctlTests", dependencies: ["policyctl", "PolicyAPI", "PolicyModel"], swiftSettings: house),
        .testTarget(
            name: "SystemTests",
            dependencies: ["policyd", "policyctl", "BPF", "BPFTesting", "BPFTestObjects", "CLibBPF", "PolicyAPI", "SwitchTraffic"],
            path: "Tests/System", swiftSettings: house),
    ]
)
