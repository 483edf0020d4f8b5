import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// Programs in the place of functions of others. The kernel needs for them what it needs for programs at its own functions.
extension KernelFunctionTests {
    @Test(.enabled(if: Features.fentry == .available, inVM)) func `a program takes the place of a function of another`() throws {
        let others = try OpenObject(.replaceable).load()
        let (first, second) = (Box(try others.program("bt_first")), Box(try others.program("bt_second")))
        func verdict(_ program: Box<Program>) throws -> UInt32 {
            try program.value.testRun(data: [UInt8](repeating: 0, count: 60)).returnValue
        }
        let (drop, bounce): (UInt32, UInt32) = (1, 3)
        var object = try OpenObject(.extension)
        try object.setTarget(function: "bt_choose", of: first.value, ofProgram: "bt_instead")
        let loaded = try object.load()
        let program = try loaded.program("bt_instead", as: Freplace.self)
        #expect(try verdict(first) == drop && verdict(second) == drop)
        do {
            let link = try program.attach(to: "bt_choose", of: first.value)
            #expect(try verdict(first) == bounce && verdict(second) == drop)
            #expect(try Hits(loaded).value(0) == 60)
            #expect(try link.info.kind == .tracing && link.info.programID == program.info.id)
            let other = try program.attach(to: "bt_choose", of: second.value)
            #expect(try verdict(second) == bounce)
            _ = consume other
        }
        #expect(try verdict(first) == drop && verdict(second) == drop)
        #expect(try Hits(loaded).count(0) == 2)
        let again = try program.attach(to: "bt_choose", of: second.value)
        #expect(try verdict(second) == bounce && verdict(first) == drop)
        _ = consume again
        let none = try #require(throws: BPFError.self) { _ = try program.attach(to: "bt_none", of: second.value) }
        #expect(none.errno == ENOENT && none.reason == "the program has no such function")
    }

    @Test func `a function that is to be replaced must be there`() throws {
        let others = try OpenObject(.replaceable).load()
        var object = try OpenObject(.extension)
        let missing = try #require(throws: BPFError.self) {
            try object.setTarget(function: "bt_none", of: others.program("bt_first"), ofProgram: "bt_instead")
        }
        #expect(missing.step == .edit && missing.errno == ENOENT && missing.description.contains("bt_none"), "\(missing)")
        let program = try #require(throws: BPFError.self) { _ = try others.program("bt_first", as: Freplace.self) }
        #expect(program.reason == "it is no freplace program, but one of type xdp")
        // Without a target, libbpf looks among the kernel's functions.
        let alone = try #require(throws: BPFError.self) { _ = try OpenObject(.extension).load() }
        #expect(alone.step == .load && alone.subject.contains("bt_instead"), "\(alone)")
    }
}
