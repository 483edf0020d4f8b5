import BPF
import EBPFTestObjects
import Testing

@Suite("Programs the verifier refuses")
struct KernelRefusalTests {
    @Test("The verifier's log has the lines of the Swift source, in functions too")
    func lines() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.unbounded).load() }
        let log = error.verifierLog
        #expect(log.contains("; return answer(number)"), "\(log)")
        #expect(log.contains("; Int32(truncatingIfNeeded: number &* 3)"), "\(log)")
        // Kernels and loaders that say where a line stands name the Swift source.
        if log.contains(" @ ") { #expect(log.contains("@ unbounded.bpf.swift:14"), "\(log)") }
        #expect(error.description.contains("unbounded"))
    }
}
