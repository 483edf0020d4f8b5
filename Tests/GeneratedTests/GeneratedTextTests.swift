import BPF
import BPFObjects
import BPFTestObjects
import BPFTesting
import CorpusObjects
import Glibc
import Testing

@testable import bpf_generate

/// What is generated from objects of every sort is Swift, under strict memory safety and without a warning.
@Suite("Generated text")
struct GeneratedTextTests {
    private static let objects: [EmbeddedObject] = [
        // The project's own.
        .policy, .entry, .xdp, .xdpEntry, .allocations, .dns, .fileOpens, .functionCalls, .packetDrops, .tcpConnections, .tcpTroubles,
        .tlsFailures,
        // The tests'.
        .alternatives, .callsEither, .callsOne, .callsPerf, .callsTwo, .cgroups, .endless, .extension, .fates, .frames, .functions,
        .globals, .iterators, .kinds, .kprobes, .longlog, .lsmCgroup, .maps, .multi, .netfilter, .opening, .operations, .pinned, .places,
        .refused, .replaceable, .reuseport, .rings, .sockets, .stacks, .starterFentry, .starterIterator, .starterKprobe, .starterLsm,
        .starterMinimal, .starterRingBuffer, .starterTc, .starterUprobe, .starterUsdt, .starterXdp, .taskmaps, .tracepoints, .tracing,
        .types, .usdt, .userring, .verdict,
        // Those with everything that objects have.
        .globalKinds, .mapKinds, .relocations, .sectionNames,
    ]

    @Test func `it compiles for every object there is`() throws {
        var texts = try Self.objects.map { object in
            let text = try BPFGenerate.text(of: object.bytes, name: object.name)
            #expect(text.contains("public enum \(SwiftNames.type(object.name)) {"))
            return text.replacing("public import BPF\n", with: "")
        }
        // Objects that are called as what the text means by these names; so is netfilter.
        for name in ["string", "map-name", "u-int32", "inline-array"] {
            texts += [try BPFGenerate.text(of: EmbeddedObject.types.bytes, name: name).replacing("public import BPF\n", with: "")]
        }
        let result = try compileSwift(
            "public import BPF\n" + texts.joined(), named: "generated",
            [
                "-typecheck", "-strict-memory-safety", "-enable-upcoming-feature", "InternalImportsByDefault", "-enable-upcoming-feature",
                "MemberImportVisibility", "-enable-upcoming-feature", "ExistentialAny", "-warnings-as-errors",
            ])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func `no object is forgotten`() throws {
        let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let folders = ["bpf", "Tests/BPFTestObjects", "Tests/Objects"].map { "/\(project)/\($0)" }
        let sources = try runCommand(["find"] + folders + ["-name", "*.bpf.c", "-o", "-name", "*.bpf.swift"]).output
        // Up to the first full stop: they are in C or in Swift.
        let names = sources.split(separator: "\n").compactMap { $0.split(separator: "/").last?.prefix { $0 != "." } }.map(String.init)
        #expect(names.count > 50)
        #expect(Set(names).symmetricDifference(Self.objects.map(\.name)) == [])
    }
}
