import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Probes
import Testing

@Suite("Looking at objects in a process of its own")
struct InspectionTests {
    @Test func `the report says what the object holds`() throws {
        let report = try Self.inspection.report(on: EmbeddedObject.opening.bytes, name: "opening")
        #expect(report == (try Inspection.reportHere(on: EmbeddedObject.opening.bytes, name: "opening")))
        #expect(report.name == "opening" && report.license == "GPL" && report.bytes == EmbeddedObject.opening.bytes.count)
        let netfilter = try #require(report.programs.first { $0.name == "bt_netfilter" })
        #expect(netfilter.type == "netfilter" && netfilter.isTypedByConvention && netfilter.section == "netfilter")
        #expect(report.programs.first { $0.name == "bt_unasked" }?.isLoadedByDefault == false)
        #expect(report.maps.map(\.name) == ["bt_open_ring"] && report.maps[0].type == "ringbuf" && report.maps[0].maxEntries == 4096)
        #expect(report.globals.map(\.name).sorted() == ["bt_open_mark", "bt_open_seen"])
        #expect(report.types.contains { $0.name == "opening_record" && $0.members == ["time", "length", "comm"] })
        #expect(report.refusals.contains { $0.subject == "program bt_unknown" })
    }

    @Test func `what is no object is refused in words`() throws {
        #expect(throws: InspectionError.refused("cannot open object text: it is not an ELF file")) {
            try Self.inspection.report(on: Array("apiVersion: policyd/v1\n".utf8), name: "text")
        }
    }

    @Test func `a process that crashes takes nothing with it and is told`() throws {
        let error = #expect(throws: InspectionError.self) {
            try Inspection(program: "/bin/sh", arguments: ["-c", "kill -SEGV $$"]).report(on: [], name: "bad")
        }
        #expect(error == .crashed(object: "bad", signal: SIGSEGV))
        #expect(error?.description.contains("made to do harm") == true)
    }

    @Test func `a process that does not end is ended`() throws {
        let inspection = Inspection(program: "/bin/sh", arguments: ["-c", "sleep 60"], timeLimit: 1)
        #expect(throws: InspectionError.timedOut(object: "bad", seconds: 1)) { try inspection.report(on: [], name: "bad") }
        // Also one that has closed what it answers on.
        let silent = Inspection(program: "/bin/sh", arguments: ["-c", "exec >&- 2>&-; sleep 60"], timeLimit: 1)
        #expect(throws: InspectionError.timedOut(object: "bad", seconds: 1)) { try silent.report(on: [], name: "bad") }
    }

    @Test func `a process that cannot be started or answers nonsense is told`() throws {
        let none = #expect(throws: InspectionError.self) {
            try Inspection(program: "/nowhere/policyd", arguments: []).report(on: [], name: "x")
        }
        #expect(none?.description == "cannot look at the object: cannot run /nowhere/policyd: No such file or directory")
        let nonsense = #expect(throws: InspectionError.self) {
            try Inspection(program: "/bin/sh", arguments: ["-c", "echo hello"]).report(on: [], name: "x")
        }
        #expect(nonsense == .failed("cannot look at object x: /bin/sh did not answer as agreed"))
        let failing = #expect(throws: InspectionError.self) {
            try Inspection(program: "/bin/sh", arguments: ["-c", "echo no rights >&2; exit 3"]).report(on: [], name: "x")
        }
        #expect(failing == .failed("cannot look at object x: /bin/sh ended with 3: no rights"))
    }

    @Test func `the process has no privileges, no descriptors of ours and no environment`() throws {
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        let script = "ls /proc/self/fd | wc -l >&2; env | grep -c PATH= >&2; exit 1"
        let error = #expect(throws: InspectionError.self) {
            try Inspection(program: "/bin/sh", arguments: ["-c", script]).report(on: [], name: "x")
        }
        // The shell sets PWD and the like by itself.
        #expect(error == .failed("cannot look at object x: /bin/sh ended with 1: 0"))
    }

    @Test func `nothing is left of a look`() async {
        await #expect(processExitsWith: .success) {
            func look() {
                _ = try? Self.inspection.report(on: EmbeddedObject.opening.bytes, name: "opening")
                _ = try? Self.inspection.report(on: [1, 2, 3], name: "three")
                _ = try? Inspection(program: "/nowhere", arguments: []).report(on: [], name: "x")
                _ = try? Inspection(program: "/bin/sh", arguments: ["-c", "sleep 60"], timeLimit: 0).report(on: [], name: "bad")
            }
            look()
            let descriptors = OpenDescriptors()
            for _ in 0..<3 { look() }
            #expect(OpenDescriptors.opened(since: descriptors) == [])
            // No child is there, living or dead.
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    /// The program beside the tests that looks at objects.
    static let inspection = Inspection(program: "\(buildFolder)/fuzz-objects", arguments: ["inspect-object"])

    private static let buildFolder: String = {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        for argument in CommandLine.arguments {
            let folder = argument.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            if access("\(folder)/fuzz-objects", X_OK) == 0 { return folder }
        }
        return "\(package)/.build/debug"
    }()
}
