internal import BPF
internal import Synchronization

/// How attachments go from a probe to the one that takes its place: those the kernel can update stay, with another program.
struct Takeover {
    private let old: LoadedProbe?
    /// What can still be taken over.
    private var left: [HeldAttachment]
    /// What the new probe has.
    private(set) var held: [HeldAttachment] = []
    /// What is attached beside the old probe's.
    private var added: [HeldAttachment] = []
    /// What undoes the updates.
    private var undos: [@Sendable () -> Void] = []

    init(_ old: LoadedProbe?) {
        self.old = old
        left = old?.attachments.withLock { $0 } ?? []
    }

    /// Attaches a program, in the place of the old probe's if it can.
    mutating func attach(_ program: borrowing Program, to target: AttachTarget) throws(BPFError) {
        let text = "\(target)"
        // The one of the same name first, of a target that has several.
        let name = program.name
        let places = left.indices.filter { left[$0].target == text }
        if let place = places.first(where: { left[$0].program == name }) ?? places.first, let undo = left[place].update(to: program) {
            undos.append(undo)
            held.append(left.remove(at: place))
            return
        }
        let attachment = HeldAttachment(try program.attach(to: target), program: name, target: text)
        added.append(attachment)
        held.append(attachment)
    }

    /// Has everything as it was.
    mutating func undo() {
        for attachment in added { attachment.detach() }
        for undo in undos.reversed() { undo() }
        held = []
    }

    /// The old probe no longer ends what was taken over.
    func accept() {
        old?.attachments.withLock { attachments in
            attachments.removeAll { one in held.contains { $0 === one } }
        }
    }
}
