import BPF
import BPFTestObjects
import BPFTesting
import Foundation
import Glibc
import Probes
import Testing

/// What the process that looks at an object may still do, read from the kernel's own account of it while it waits for the object.
@Suite(.enabled(if: geteuid() == 0, "only root has privileges to be given up"))
struct ConfinementTests {
    /// The program, started to do something with an object that it is not given yet.
    private final class Waiting {
        let process: ChildProcess
        private let folder: URL
        private let input: CInt

        init(_ command: String) throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "bpftest-\(getpid())-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let pipe = folder.appending(path: "input").path
            try #require(mkfifo(pipe, 0o600) == 0)
            // Both ends, so that the process can open it and does not see its end.
            input = open(pipe, O_RDWR | O_CLOEXEC)
            process = try ChildProcess([InspectionTests.program, command, "object"], folder: folder.path, name: "waiting", input: pipe)
        }

        deinit {
            process.send(SIGKILL)
            _ = process.wait(seconds: 10)
            close(input)
            try? FileManager.default.removeItem(at: folder)
        }

        var status: ProcessStatus { ProcessStatus(process.pid) }

        /// The largest value of a limit, as `/proc/PID/limits` says it.
        func limit(_ name: String) -> String? { limits(name).dropFirst().first }

        /// The value of a limit, and the largest it can be raised to.
        func limits(_ name: String) -> [String] {
            ((try? String(contentsOfFile: "/proc/\(process.pid)/limits", encoding: .utf8)) ?? "").split(separator: "\n")
                .first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ").prefix(2).map(String.init) ?? []
        }
    }

    @Test func `who only reads is nobody, with no capability, and bounded`() throws {
        let waiting = try Waiting("inspect-object")
        // The last thing it gives up.
        #expect(eventually { waiting.status.capabilities("CapPrm") == 0 }, "\(waiting.status["CapPrm"])")
        for name in ["CapEff", "CapInh", "CapAmb"] { #expect(waiting.status.capabilities(name) == 0, "\(name)") }
        #expect(waiting.status["Uid"] == Array(repeating: "65534", count: 4))
        #expect(waiting.status["Gid"] == Array(repeating: "65534", count: 4) && waiting.status["Groups"] == [])
        #expect(waiting.status["NoNewPrivs"] == ["1"])
        #expect(waiting.limit("Max address space") == "\(1 << 30)")
        // The kernel ends it by SIGXCPU at the first, and would by SIGKILL at the second.
        #expect(waiting.limits("Max cpu time") == ["30", "31"])
        #expect(waiting.limit("Max file size") == "0" && waiting.limit("Max core file size") == "0")
        #expect(waiting.limit("Max open files") == "32")
    }

    @Test(arguments: ["try-probe", "load-object"])
    func `who loads is nobody, with the capabilities for loading alone`(command: String) throws {
        let own = try #require(ProcessStatus("self").capabilities("CapPrm"))
        // DAC_READ_SEARCH, NET_ADMIN, SYS_ADMIN, SYSLOG, PERFMON, BPF.
        let forLoading = own & [2, 12, 21, 34, 38, 39].reduce(0) { $0 | 1 << UInt64($1) }
        try #require(own != forLoading && forLoading != 0, "nothing is to be given up here")
        let waiting = try Waiting(command)
        #expect(eventually { waiting.status.capabilities("CapPrm") == forLoading }, "\(waiting.status["CapPrm"])")
        #expect(waiting.status.capabilities("CapEff") == forLoading)
        #expect(waiting.status.capabilities("CapInh") == 0)
        #expect(waiting.status["Uid"] == Array(repeating: "65534", count: 4) && waiting.status["Groups"] == [])
        #expect(waiting.status["NoNewPrivs"] == ["1"])
        #expect(waiting.limit("Max address space") == "\(1 << 30)" && waiting.limit("Max file size") == "0")
    }

    @Test(arguments: ["inspect-object", "load-object", "try-probe"], ["setuid", "setgid"])
    func `root that cannot become nobody looks at nothing`(command: String, missing: String) throws {
        // It may not write to a file.
        let before = "setpriv --bounding-set=-\(missing) --inh-caps=-\(missing)"
        let result = try runCommand(["/bin/sh", "-c", "\(before) \(InspectionTests.program) \(command) object </dev/null | cat"])
        #expect(result.output.contains("cannot give up root: CAP_SETUID and CAP_SETGID are wanted"), "\(result.output)")
    }

    @Test func `reading is possible without privileges, and loading is not`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bpftest-\(getpid())-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let object = folder.appending(path: "verdict.o")
        try Data(EmbeddedObject.verdict.bytes).write(to: object)
        let asNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
        func report(_ before: String, _ command: String) throws -> ObjectReport {
            // It may not write to a file.
            let result = try runCommand(["/bin/sh", "-c", "\(before) \(InspectionTests.program) \(command) verdict <\(object.path) | cat"])
            let answer = try JSONDecoder().decode([String: ObjectReport].self, from: Data(result.output.utf8))
            return try #require(answer["report"])
        }
        let expected = try Inspection.reportHere(on: EmbeddedObject.verdict.bytes, name: "verdict")
        #expect(try report(asNobody, "inspect-object") == expected && expected.isLoadable)
        #expect(try report("", "load-object").isLoadable)
        let refused = try report(asNobody, "load-object")
        #expect(!refused.isLoadable && refused.refusals.contains { $0.reason.contains("EPERM") }, "\(refused.refusals)")
    }
}
