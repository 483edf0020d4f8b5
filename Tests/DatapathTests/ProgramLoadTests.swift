import BPF
@testable import Datapath
import PolicyCompiler
import PolicyModel
import Testing

@Suite struct ProgramLoadTests {
    /// Kernels before 5.17 have no `bpf_loop`: the written-out search has to pass the verifier too, and to find the same.
    @Test(arguments: [true, false])
    func loadsWithAndWithoutLoopHelper(hasLoop: Bool) throws {
        let rules = (0..<300).map { Rule(name: "r\($0)", action: .deny, protocols: [.tcp], ports: [PortRange(UInt16(1000 + $0))]) }
        let policy = try KernelEngineTests.compiled(PolicySet(policies: [HostPolicy(name: "many", ingress: rules)]))
        let engine = try KernelEngine(policy, hasLoop: hasLoop)
        for port in [999, 1000, 1063, 1064, 1299, 1300] as [UInt16] {
            let packet = try KernelEngineTests.packet(.ingress, 6, "192.0.2.1", "192.0.2.2", ports: (1, port))
            let expected = (1000...1299).contains(port) ? "r\(port - 1000)" : nil
            #expect(try engine.verdict(for: packet).rule == expected)
        }
    }
}
