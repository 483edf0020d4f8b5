import BPFTesting
import Testing

@Suite("scripts/run says what is missing")
struct ScriptTests {
    @Test func `without root`() throws {
        // Copied to where everybody may read it.
        let folder = try TemporaryFolder()
        let result = try Project.shell(
            """
            cp -r scripts \(folder.path)/ && chmod -R a+rX \(folder.path) &&
            setpriv --reuid=65534 --regid=65534 --clear-groups \(folder.path)/scripts/run
            """)
        #expect(result.status == 1)
        #expect(result.output.contains("this cannot run here. Missing:\n  - root: run this with sudo"), "\(result.output)")
    }

    @Test func `with root but without its capabilities`() throws {
        let result = try Project.shell("setpriv --bounding-set=-all --inh-caps=-all scripts/run")
        #expect(result.status == 1)
        #expect(result.output.contains("this cannot run here. Missing:"))
        #expect(result.output.contains("eBPF programs on interfaces (tc classifiers): not permitted"))
        #expect(result.output.contains("network namespaces of one's own: not permitted"))
        #expect(result.output.contains("a mount namespace of one's own: not permitted"))
    }
}
