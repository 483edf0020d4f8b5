import BPF
import BPFTesting
import BPFTestObjects
import Glibc
import Testing

@Suite("policyctl probe inspect")
struct ProbeInspectTests {
    /// Runs it as nobody, without a daemon.
    private func inspect(_ path: String, _ options: String...) throws -> (status: Int32?, output: String, errors: String) {
        let folder = try Folder()
        let process = try ChildProcess(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Programs.policyctl, "probe", "inspect", path] + options,
            folder: folder.path, name: "inspect", environment: ["POLICYD_SOCKET=\(folder.path)/none"])
        let status = process.wait(seconds: 20)
        return (status, process.output, process.errors)
    }

    @Test func saysWhatAnObjectHoldsToAnyone() throws {
        let folder = try Folder()
        let path = try folder.file("opening.bpf.o", bytes: EmbeddedObject.opening.bytes)
        let table = try inspect(path)
        #expect(table.status == 0, "\(table)")
        #expect(table.output.hasPrefix("opening: ") && table.output.contains("license GPL\n"), "\(table)")
        let lines = table.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.contains(["bt_tcx", "sched_cls", "tcx/ingress", "-", "2", "-"]), "\(table)")
        #expect(lines.contains(["bt_open_ring", "ringbuf", "0", "0", "4,096"]), "\(table)")
        #expect(lines.contains(["struct", "opening_record", "32", "time,", "length,", "comm"]), "\(table)")
        #expect(table.output.contains("program bt_unknown: what kind it is cannot be told by its section tcp_retransmit\n"), "\(table)")
        let json = try inspect(path, "-o", "json")
        #expect(json.status == 0 && json.output.contains(#""attach" : "kprobe:"#) == false && json.output.contains(#""name" : "opening""#))
        #expect(try inspect(path, "-o", "yaml").output.contains("\nname: opening\n"))
    }

    @Test func refusesWhatIsNoObjectInWords() throws {
        let folder = try Folder()
        let text = try inspect(folder.file("text.o", "no object\n"))
        #expect(text.status == 1 && text.output == "" && text.errors == "policyctl: cannot open object text: it is not an ELF file\n")
        let missing = try inspect("\(folder.path)/none.o")
        #expect(missing.status == 1 && missing.errors.contains("No such file or directory"), "\(missing)")
        let path = try folder.file("secret.o", "x")
        chmod(path, 0)
        let secret = try inspect(path)
        #expect(secret.status == 1 && secret.errors.contains("Permission denied"), "\(secret)")
        #expect(try inspect("/dev/null").errors.contains("it is not a file with contents"))
    }

    @Test func asksTheKernelOnRequest() throws {
        let folder = try Folder()
        let path = try folder.file("alternatives.o", bytes: EmbeddedObject.alternatives.bytes)
        #expect(try inspect(path).output.contains("nothing is known that this host would refuse"))
        let refused = try runCommand([Programs.policyctl, "probe", "inspect", path, "--try"])
        #expect(refused.status == 0 && refused.output.contains("program bt_best: cannot load program bt_best"), "\(refused)")
        #expect(refused.output.contains("invalid access to packet") && !refused.output.contains("program bt_second:"), "\(refused)")
    }
}
