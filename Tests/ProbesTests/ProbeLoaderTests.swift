import BPF
import BPFTestObjects
import Glibc
import PolicyModel
import Probes
import Testing

/// What loading makes of objects of others.
@Suite struct ProbeLoaderTests {
    @Test func `maps that an object wants pinned are not`() throws {
        let loaded = DocumentLoader.load(
            text: """
                apiVersion: policyd/v1
                kind: Probe
                metadata: { name: kept }
                spec: { object: pinned.o, programs: { bt_keep: { attach: "tcx/ingress:lo" } } }
                """, path: "kept.yaml")
        let document = try #require(loaded.documents.first, "\(loaded.diagnostics)")
        #expect(try OpenObject(.pinned).maps.first { $0.name == "bt_kept" }?.pin == "/sys/fs/bpf/bt_kept")
        let probe = try ProbeLoader(document, object: EmbeddedObject.pinned.bytes, pins: nil).load(isTrial: true)
        #expect(access("/sys/fs/bpf/bt_kept", F_OK) != 0)
        #expect(probe.maps.map(\.name) == ["bt_kept"])
        probe.unload()
    }
}
