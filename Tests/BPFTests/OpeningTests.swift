import BPF
import BPFTestObjects
import BPFTesting
import Testing

@Suite("Opening objects that others made")
struct OpeningTests {
    @Test func `kinds are told by sections as others name them`() throws {
        let object = try OpenObject(.opening)
        let programs = Dictionary(uniqueKeysWithValues: object.programs.map { ($0.name, $0) })
        let expected: [String: ProgramType] = [
            "bt_classifier": .schedCls, "bt_xdp_old": .xdp, "bt_xdp_slash": .xdp, "bt_socket": .socketFilter, "bt_tcx": .schedCls,
            "bt_tc": .schedCls, "bt_kprobe_old": .kprobe, "bt_cgroup": .cgroupSKB, "bt_netfilter": .netfilter, "bt_unknown": .unspecified,
            "bt_unasked": .schedCls, "bt_record": .schedCls,
        ]
        for (name, type) in expected { #expect(programs[name]?.type == type, "\(name)") }
        #expect(programs["bt_action"]?.type.description == "sched_act")
        #expect(programs["bt_tcx"]?.isTypedByConvention == true && programs["bt_record"]?.isTypedByConvention == false)
        #expect(programs["bt_unasked"]?.isAutoloaded == false && programs["bt_unasked"]?.section == "tc")
        #expect(object.notes.contains("program bt_tcx: taken for sched_cls by its section tcx/ingress"))
        #expect(object.notes.contains("program bt_unknown: what kind it is cannot be told by its section tcp_retransmit"))
        #expect(object.license == "GPL")
    }

    @Test func `sizes of a ring buffer's records do not keep it from being made`() throws {
        var object = try OpenObject(.opening)
        #expect(object.notes.contains("map bt_open_ring: key size 4 and value size 32 of the ring buffer set to 0"))
        try object.setAutoload(false, program: "bt_unknown")
        let loaded = try object.load()
        let record = try loaded.program("bt_record")
        #expect(try record.testRun(data: frame).returnValue == 1)
        #expect(try loaded.global("bt_open_seen", as: UInt64.self) == 1)
        #expect(try loaded.program("bt_netfilter").info.type == .netfilter)
        #expect(loaded.leftOut.map(\.name) == ["bt_unknown", "bt_unasked"])
        #expect(loaded.leftOut.allSatisfy { $0.reason == .notAskedFor })
    }

    @Test func `a program of no known kind is named when it is to be loaded`() throws {
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.opening).load() }
        #expect(error.subject == "program bt_unknown of object opening")
        #expect(error.reason == "missing BPF prog type, check ELF section name 'tcp_retransmit'")
    }

    @Test func `variables are listed as the file declares them`() throws {
        let object = try OpenObject(.opening)
        let mark = try #require(object.globals.first { $0.name == "bt_open_mark" })
        #expect(mark.section == ".rodata" && mark.type.description == "__u32" && mark.size == 4 && mark.isConstant)
        let seen = try #require(object.globals.first { $0.name == "bt_open_seen" })
        #expect(seen.section == ".bss" && seen.size == 8 && !seen.isConstant)
    }
}

@Suite("What the kernel refuses is left out where that is allowed")
struct AlternativeTests {
    @Test func `the first alternative the kernel takes is loaded, with the changes made before`() throws {
        var object = try OpenObject(.alternatives)
        try object.setAutoload(false, program: "bt_extra")
        try object.setGlobal("bt_choice", to: UInt32(42))
        try object.addAlternatives([["bt_best", "bt_best_too"], ["bt_second"], ["bt_third"]])
        let loaded = try object.load()
        #expect(try loaded.program("bt_second").testRun(data: frame).returnValue == 42)
        #expect(loaded.leftOut.map(\.name) == ["bt_best", "bt_best_too", "bt_third", "bt_extra"])
        guard case .refused(let error) = loaded.leftOut[0].reason else {
            Issue.record("\(loaded.leftOut[0])")
            return
        }
        #expect(error.subject.contains("program bt_best ") && error.verifierLog.contains("invalid"))
        #expect(loaded.leftOut[2].reason == .notNeeded(instead: ["bt_second"]))
        #expect(loaded.leftOut[3].reason == .notAskedFor)
        #expect(loaded.leftOut[2].description == "program bt_third is not needed beside bt_second")
    }

    @Test func `optional programs are left out, others are not`() throws {
        let refused = try #require(throws: BPFError.self) {
            var object = try OpenObject(.alternatives)
            try object.setOptional(program: "bt_extra")
            _ = try object.load()
        }
        #expect(refused.subject.contains("program bt_best "))
        var again = try OpenObject(.alternatives)
        try again.setOptional(program: "bt_best")
        try again.setOptional(program: "bt_extra")
        let loaded = try again.load()
        #expect(loaded.leftOut.map(\.name) == ["bt_best", "bt_extra"])
        #expect(try loaded.program("bt_third").testRun(data: frame).returnValue == 3)
    }

    @Test func `a trial of one's own decides as well`() throws {
        var object = try OpenObject(.alternatives)
        try object.setAutoload(false, program: "bt_extra")
        try object.setAutoload(false, program: "bt_best")
        try object.setAutoload(false, program: "bt_best_too")
        try object.addAlternatives([["bt_second"], ["bt_third"]])
        let loaded = try object.load { (program) throws(BPFError) in
            if program.name == "bt_second" { throw BPFError(.attach, "program bt_second", reason: "no such hook") }
        }
        #expect(loaded.leftOut.map(\.name) == ["bt_best", "bt_best_too", "bt_second", "bt_extra"])
        #expect(loaded.leftOut[2].reason == .refused(BPFError(.attach, "program bt_second", reason: "no such hook")))
    }

    @Test func `an object of which nothing is left is no success`() throws {
        let error = try #require(throws: BPFError.self) {
            var object = try OpenObject(.alternatives)
            for name in ["bt_best_too", "bt_second", "bt_third", "bt_extra"] { try object.setAutoload(false, program: name) }
            try object.setOptional(program: "bt_best")
            _ = try object.load()
        }
        #expect(error.reason.hasPrefix("none of its programs would be loaded: program bt_best was left out: cannot load program bt_best"))
        #expect(error.reason.contains("program bt_third was not asked for"))
    }

    @Test func `if no alternative is taken the last refusal is the error`() throws {
        let error = try #require(throws: BPFError.self) {
            var object = try OpenObject(.alternatives)
            try object.addAlternatives([["bt_best"], ["bt_extra"]])
            _ = try object.load()
        }
        #expect(error.subject.contains("program bt_extra "))
        var optional = try OpenObject(.alternatives)
        try optional.addAlternatives([["bt_best"], ["bt_extra"]])
        try optional.setOptional(program: "bt_best")
        try optional.setOptional(program: "bt_extra")
        #expect(try optional.load().leftOut.map(\.name) == ["bt_best", "bt_extra"])
    }

    @Test func `alternatives name programs of the object, each once`() throws {
        var object = try OpenObject(.alternatives)
        #expect(throws: BPFError.self) { try object.addAlternatives([["bt_nothing"]]) }
        #expect(throws: BPFError.self) { try object.addAlternatives([["bt_best"], ["bt_best"]]) }
        #expect(throws: BPFError.self) { try object.addAlternatives([["bt_best"], []]) }
        try object.addAlternatives([["bt_best"], ["bt_second"]])
        let error = try #require(throws: BPFError.self) { try object.addAlternatives([["bt_second"], ["bt_third"]]) }
        #expect(error.reason == "it stands in two alternatives")
    }
}
