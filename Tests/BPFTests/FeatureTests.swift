import BPFTesting
import CLibBPF
import Glibc
import Testing

@testable import BPF

@Suite("What the kernel can do, by trial")
struct FeatureTests {
    @Test func `maps and programs that every kernel has are there, and what none has is not`() {
        for type in [MapType.hash, .array, .lpmTrie, .ringBuffer, .queue, .stackTraces, .socketStorage, .taskStorage, .arrayOfMaps] {
            #expect(Features.mapType(type) == .available, "\(type)")
        }
        for type in [ProgramType.schedCls, .xdp, .tracepoint, .kprobe, .cgroupSKB, .rawTracepoint, .socketFilter] {
            #expect(Features.programType(type) == .available, "\(type)")
        }
        #expect(isUnavailable(Features.mapType(MapType(rawValue: 4000))))
        #expect(isUnavailable(Features.programType(ProgramType(rawValue: 4000))))
    }

    @Test func `kinds that want an attach type or a type of the kernel are tried with one`() {
        for number in [
            BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_PROG_TYPE_SK_LOOKUP, BPF_PROG_TYPE_SYSCALL,
            BPF_PROG_TYPE_TRACING,
        ] {
            let type = ProgramType(rawValue: number.rawValue)
            #expect(Features.programType(type) == .available, "\(type)")
        }
        #expect(Features.btfTracepoint == .available && Features.kernelTypes == .available && Features.runStatistics == .available)
    }

    @Test func `helpers are told apart by kind of program`() throws {
        let store = try #require(HelperFunction(named: "skb_store_bytes"))
        let lookup = try #require(HelperFunction(named: "bpf_map_lookup_elem"))
        #expect(store.rawValue == 9 && lookup.rawValue == 1 && store.description == "bpf_skb_store_bytes")
        #expect(Features.helper(store, in: .schedCls) == .available)
        #expect(isUnavailable(Features.helper(store, in: .xdp)))
        #expect(isUnavailable(Features.helper(store, in: .tracepoint)))
        for type in [ProgramType.schedCls, .xdp, .tracepoint, .tracing] {
            #expect(Features.helper(lookup, in: type) == .available, "\(type)")
        }
        #expect(isUnavailable(Features.helper(5000, in: .xdp)))
        #expect(HelperFunction(named: "bpf_no_such") == nil && HelperFunction(rawValue: 5000).description == "helper 5000")
        let xdp = Features.helpers(in: .xdp)
        #expect(xdp.contains(lookup) && !xdp.contains(store) && xdp.count < HelperFunction.known.count)
        if case .unknown = Features.helper(lookup, in: .unspecified) {} else { Issue.record("no kind is a kind") }
    }

    @Test func `what loads but cannot be attached is not there`() async throws {
        let trial = try #require(ProgramTrial(.xdp))
        #expect(trial.availability(attaching: { _ in 0 }) == .available)
        let none = Features.Availability.unavailable("it loads, and cannot be attached: No such file or directory (ENOENT)")
        #expect(trial.availability(attaching: { _ in ENOENT }) == none)
        // A program for no function in particular has no place.
        #expect(isUnavailable(trial.availability(attaching: ProgramTrial.attachBound)))
        let places = try #require(ProgramTrial(.tracing))
        #expect(places.availability(attaching: ProgramTrial.attachBound) == .available)
        await #expect(processExitsWith: .success) {
            let answers = withoutCapabilities { [Features.fentry, Features.fexit, Features.fmodReturn, Features.lsm, Features.netfilter] }
            for answer in answers {
                if case .unknown = answer { continue }
                Issue.record("\(answer)")
            }
        }
    }

    @Test func `without privileges nothing is known, and it is asked again with them`() async {
        await #expect(processExitsWith: .success) {
            let type = MapType.perCPUHash
            let program = ProgramType.xdp
            let before = withoutCapabilities { (Features.mapType(type), Features.programType(program)) }
            for answer in [before.0, before.1] {
                if case .unknown = answer { continue }
                Issue.record("\(answer)")
            }
            #expect(Features.mapType(type) == .available && Features.programType(program) == .available)
        }
    }

    private func isUnavailable(_ availability: Features.Availability) -> Bool {
        if case .unavailable = availability { true } else { false }
    }
}
