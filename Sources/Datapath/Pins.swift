internal import BPF
private import Glibc

/// The folder on a bpf filesystem where everything lies that must outlive the daemon.
///
///     policyd/control             the switch
///     policyd/programs            the two generations' programs
///     policyd/entry/NAME          the programs that are attached; NAME-new for the moment in which they are replaced
///     policyd/shared/MAP          connections, counters, events: what both generations use
///     policyd/tables1, tables2    a generation's tables and its program
///     policyd/early/MODE-BUILD-PART  the programs at XDP, while an interface has early drop
///     policyd/links/INDEX-DIR     attachments by tcx link
///     policyd/links/INDEX-MODE    attachments at XDP
struct Pins: Sendable {
    let folder: String

    var control: String { "\(folder)/control" }
    var programs: String { "\(folder)/programs" }
    var qdiscs: String { "\(folder)/qdiscs" }
    var links: String { "\(folder)/links" }
    func entry(_ name: String) -> String { "\(folder)/entry/\(name)" }
    func newEntry(_ name: String) -> String { "\(folder)/entry/\(name)-new" }
    func shared(_ name: String) -> String { "\(folder)/shared/\(name)" }
    var earlies: String { "\(folder)/early" }
    func early(_ mode: EarlyDrop, _ build: String, _ part: String) -> String { "\(earlies)/\(mode.rawValue)-\(build)-\(part)" }
    func tables(_ slot: Int) -> String { "\(folder)/tables\(slot)" }
    func link(_ interface: Int32, _ direction: TrafficDirection) -> String { "\(links)/\(interface)-\(direction.rawValue)" }

    func link(_ interface: Int32, _ mode: EarlyDrop) -> String { "\(links)/\(interface)-\(mode.rawValue)" }

    /// Whether a datapath was made here before, and finished.
    var isPopulated: Bool { unsafe access(control, F_OK) == 0 }

    /// Makes the folder and those in it.
    func makeFolders() throws(DatapathError) {
        for path in [folder, "\(folder)/entry", "\(folder)/shared", tables(1), tables(2), earlies, links] {
            guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            let reason = unsafe String(cString: strerror(errno))
            throw DatapathError("cannot make the folder \(path): \(reason)")
        }
        guard BPFFilesystem.isMounted(at: folder) else {
            rmdirAll()
            throw DatapathError(
                "\(folder) is not on a bpf filesystem: mount one first (mount -t bpf bpf /sys/fs/bpf), or name another folder with --bpffs")
        }
    }

    /// Takes a pin away, and what it held if nothing else does.
    static func remove(_ path: String) {
        unsafe _ = unlink(path)
    }

    /// Has a pin take the place of another, in one step.
    static func move(_ path: String, to place: String) throws(BPFError) {
        guard unsafe rename(path, place) == 0 else { throw BPFError(.pin, "\(path) at \(place)", errno: errno) }
    }

    /// Takes away all pins of a folder of pins; the folder stays.
    static func empty(_ folder: String) {
        for name in Directory.names(in: folder) { remove("\(folder)/\(name)") }
    }

    /// Takes everything away. Links go first: packets no longer come here while the rest goes.
    func removeAll() {
        empty()
        rmdirAll()
    }

    /// Takes away what is in the folder and leaves the folder, which the daemon may hold a lock on.
    func empty() {
        Self.empty(links)
        for folder in ["\(folder)/entry", "\(folder)/shared", tables(1), tables(2), earlies] { Self.empty(folder) }
        for path in [qdiscs, programs, control] { Self.remove(path) }
    }

    private func rmdirAll() {
        for path in [links, "\(folder)/entry", "\(folder)/shared", tables(1), tables(2), earlies, folder] { unsafe _ = rmdir(path) }
    }
}
