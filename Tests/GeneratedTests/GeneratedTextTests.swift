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
        let result = try compileSwift(
            "public import BPF\n" + texts.joined(), named: "generated",
            [
                "-typecheck", "-strict-memory-safety", "-enable-upcoming-feature", "InternalImportsByDefault", "-enable-upcoming-feature",
                "MemberImportVisibility", "-enable-upcoming-feature", "ExistentialAny", "-warnings-as-errors",
            ])
        #expect(result.status == 0, "\(result.output)")
    }
}
