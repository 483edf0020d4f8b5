import CLibBPF
import Glibc
import Synchronization

extension Program {
    func attach(clsact index: Int32, _ direction: TrafficDirection, priority: UInt16, handle: UInt32) throws(BPFError) -> Attachment {
        let tc = ClassicTC(interface: index)
        let place = OwnQdiscs.Place(index)
        let filter = try OwnQdiscs.add(tc, place) { () throws(BPFError) in
            try tc.attach(self, direction, priority: priority, handle: handle)
        }
        return Attachment([ClassicTCPart(tc, place, filter)])
    }
}

/// The clsact qdiscs that attachments of this process made, each with the number of its filters there. One goes with the last of them if
/// nobody else has a filter in it by then; those that others made stay.
private enum OwnQdiscs {
    /// An interface of a network namespace, which is known by its inode.
    struct Place: Sendable, Hashable {
        var namespace: UInt64
        var interface: Int32

        /// An interface of this thread's namespace.
        init(_ interface: Int32) {
            var status = stat()
            namespace = unsafe stat("/proc/thread-self/ns/net", &status) == 0 ? UInt64(status.st_ino) : 0
            self.interface = interface
        }
    }

    private static let counts = Mutex<[Place: Int]>([:])

    /// Attaches a filter, in a new qdisc if there is none: without one nothing can be attached.
    static func add(_ tc: ClassicTC, _ place: Place, attach: () throws(BPFError) -> ClassicTC.Filter) throws(BPFError) -> ClassicTC.Filter {
        try counts.withLock { counts throws(BPFError) in
            if try tc.createQdisc() { counts[place] = 0 }
            do throws(BPFError) {
                let filter = try attach()
                if let count = counts[place] { counts[place] = count + 1 }
                return filter
            } catch {
                if counts[place] == 0 { remove(tc, place, &counts) }
                throw error
            }
        }
    }

    /// To be called when a filter has been taken away.
    static func release(_ tc: ClassicTC, _ place: Place) {
        counts.withLock { counts in
            guard let count = counts[place] else { return }
            counts[place] = count - 1
            if count <= 1 { remove(tc, place, &counts) }
        }
    }

    private static func remove(_ tc: ClassicTC, _ place: Place, _ counts: inout [Place: Int]) {
        counts[place] = nil
        // The kernel has no way to do both at once: a filter that comes between the question and the removal goes too.
        let isEmpty = TrafficDirection.allCases.allSatisfy { (try? tc.filters($0))?.isEmpty == true }
        if isEmpty { try? tc.removeQdisc() }
    }
}

/// A filter at clsact that goes with the attachment, if its program is still the one that was attached.
private final class ClassicTCPart: AttachmentPart {
    private let tc: ClassicTC
    private let place: OwnQdiscs.Place
    private let state: Mutex<ClassicTC.Filter?>

    init(_ tc: ClassicTC, _ place: OwnQdiscs.Place, _ filter: ClassicTC.Filter) {
        self.tc = tc
        self.place = place
        state = Mutex(filter)
    }

    deinit { try? detach() }

    var linkDescriptor: CInt? { nil }

    func detach() throws(BPFError) {
        try state.withLock { filter throws(BPFError) in
            guard let held = filter else { return }
            // On a thread of another network namespace the interface of that number is another.
            guard place == OwnQdiscs.Place(tc.interface) else {
                throw BPFError(
                    .detach, "filter \(held.priority):\(held.handle) from clsact \(held.direction.rawValue) of interface \(tc.interface)",
                    reason: "the interface is of another network namespace than this thread's", remedy: "detach it on a thread of that one")
            }
            filter = nil
            guard try tc.query(held.direction, priority: held.priority, handle: held.handle)?.programID == held.programID else { return }
            try tc.detach(held.direction, priority: held.priority, handle: held.handle)
            OwnQdiscs.release(tc, place)
        }
    }

    func pin(at path: String) throws(BPFError) {
        throw BPFError(.pin, "attachment at \(path)", reason: "a filter at clsact is no link", remedy: "it stays when the process ends")
    }

    func update(to program: borrowing Program) throws(BPFError) {
        let new = SharedDescriptor(try Descriptor(duplicating: program.fileDescriptor, for: "program \(program.name)"))
        let name = program.name
        try state.withLock { filter throws(BPFError) in
            guard let held = filter else { throw BPFError(.update, "clsact of interface \(tc.interface)", errno: ENOENT) }
            guard try tc.query(held.direction, priority: held.priority, handle: held.handle)?.programID == held.programID else {
                throw BPFError(.update, "clsact of interface \(tc.interface)", reason: "another program has come into the filter's place")
            }
            let copy = Program(try Descriptor(duplicating: new.rawValue, for: "program \(name)"), name: name)
            filter = try tc.attach(copy, held.direction, priority: held.priority, handle: held.handle, replacing: true)
        }
    }
}
