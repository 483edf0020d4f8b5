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
    @Test func `it compiles for every object there is`() throws {
        let objects: [EmbeddedObject] = [
            .maps, .rings, .tracing, .types, .verdict, .opening, .mapKinds, .globalKinds, .relocations, .policy, .entry, .xdp,
        ]
        let texts = try objects.map { object in
            let text = try BPFGenerate.text(of: object.bytes, name: object.name)
            #expect(text.contains("public enum \(SwiftNames.type(object.name)) {"))
            return text.replacing("public import BPF\n", with: "")
        }
        let source = "/tmp/bpftest-\(getpid())-generated.swift"
        defer { unlink(source) }
        let file = try #require(fopen(source, "w"))
        fputs("public import BPF\n" + texts.joined(), file)
        fclose(file)
        // The modules lie beside the test program, the C module in the project.
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &path, path.count)
        let program = String(decoding: path[..<max(0, length)].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        let folder = program.split(separator: "/").dropLast().joined(separator: "/")
        let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let result = try runCommand([
            "swiftc", "-typecheck", "-swift-version", "6", "-parse-as-library", "-module-name", "Example", "-strict-memory-safety",
            "-enable-upcoming-feature", "InternalImportsByDefault", "-enable-upcoming-feature", "MemberImportVisibility",
            "-enable-upcoming-feature", "ExistentialAny", "-warnings-as-errors", "-I", "/\(folder)/Modules", "-Xcc",
            "-fmodule-map-file=/\(project)/Sources/CLibBPF/module.modulemap", source,
        ])
        #expect(result.status == 0, "\(result.output)")
    }
}
