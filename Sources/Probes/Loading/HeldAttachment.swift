internal import BPF
internal import Glibc
internal import Synchronization

/// A program's attachment that may be handed from a probe to the one that takes its place.
final class HeldAttachment: Sendable {
    /// What has everything as it was before a change, and says why if it cannot.
    typealias Undo = @Sendable () -> BPFError?

    /// Where it is attached.
    let target: AttachTarget
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var program: String
        /// The kernel's number of the program.
        var programID: UInt32
        /// Nothing where it was pinned without its program, which only CAP_SYS_ADMIN can open then.
        var running: HeldProgram?
        var attachment: Attachment?
        /// Where its links are pinned.
        var pins: [String]
    }

    /// An attachment just made.
    convenience init(_ attachment: consuming Attachment, of program: borrowing Program, at target: AttachTarget) throws(BPFError) {
        self.init(attachment, of: try HeldProgram(program.duplicate()), at: target)
    }

    private init(_ attachment: consuming Attachment, of running: HeldProgram, at target: AttachTarget) {
        self.target = target
        state = Mutex(State(program: running.program.name, programID: running.id, running: running, attachment: attachment, pins: []))
    }

    /// An attachment that an earlier process pinned.
    ///
    /// - Parameters:
    ///   - pins: The paths of its links.
    ///   - programPin: The path of its program; there may be none.
    ///   - program: The program's name.
    ///   - expected: The kernel's number of the program, if it is known.
    /// - Throws: `BPFError` also if another program runs there.
    init(
        pinnedAt pins: [String], programAt programPin: String, program: String, id expected: UInt32?, target: AttachTarget
    ) throws(BPFError) {
        let attachment = try Attachment(pinnedAt: pins)
        let ids = Set(try attachment.links.map(\.programID))
        guard let id = ids.first, ids.count == 1, id == expected ?? id else {
            throw BPFError(.openPin, "program \(program) at \(target)", reason: "what runs there is another program")
        }
        let running = (try? HeldProgram(Program(pinnedAt: programPin))) ?? (try? HeldProgram(Program(id: id)))
        self.target = target
        state = Mutex(State(program: program, programID: id, running: running, attachment: attachment, pins: pins))
    }

    /// The program's name.
    var program: String { state.withLock { $0.program } }

    /// The kernel's number of the program.
    var programID: UInt32 { state.withLock { $0.programID } }

    /// How many links it consists of; nothing if it is attached without, and cannot be pinned.
    var linkCount: Int? { state.withLock { $0.attachment?.linkCount } }

    /// Pins its links, each at a path.
    func pin(at paths: [String]) throws(BPFError) {
        try state.withLock { state throws(BPFError) in
            try state.attachment?.pin(at: paths)
            state.pins = paths
        }
    }

    /// Ends it now.
    func detach() {
        let attachment = state.withLock { $0.attachment.take() }
        if let attachment { try? attachment.detach() }
    }
}

// MARK: - Handing on the place

extension HeldAttachment {
    /// Has another program run in place of this one, in one step.
    ///
    /// - Returns: What undoes it; nil if the kernel cannot change the program of this attachment.
    func update(to program: borrowing Program) -> Undo? {
        let (name, former, pins) = state.withLock { ($0.program, $0.running, $0.pins) }
        // Held on to, it stays in the kernel and can be put back.
        guard let former, let new = try? HeldProgram(program.duplicate()), (try? change(to: new, named: program.name)) != nil else {
            return nil
        }
        return { [self] in
            Self.failure { () throws(BPFError) in
                try change(to: former, named: name)
                // Where the other probe has pinned it by then, its folder goes.
                state.withLock { $0.pins = pins }
            }
        }
    }

    private func change(to new: HeldProgram, named name: String) throws(BPFError) {
        try state.withLock { state throws(BPFError) in
            guard let attachment = state.attachment.take() else {
                throw BPFError(.update, "program \(name) to \(target)", reason: "what was attached there has gone")
            }
            var failure: BPFError?
            do throws(BPFError) { try attachment.update(to: new.program) } catch { failure = error }
            state.attachment = .some(attachment)
            if let failure { throw failure }
            (state.program, state.programID, state.running) = (name, new.id, new)
        }
    }

    /// Makes room for another program where the kernel takes one only and cannot change which: lets this one go and attaches the other.
    ///
    /// At a hook of netfilter the other program is attached at a free priority beside this one's for as long as that takes, so that every
    /// packet meets one of them. At other places packets meet none for that moment.
    ///
    /// - Returns: The other's attachment, and what undoes it.
    /// - Throws: What kept the other from being attached; this one is attached again then, or the error says that it could not be.
    func giveWay(to program: borrowing Program, at other: AttachTarget) throws(BPFError) -> (HeldAttachment, Undo) {
        guard let own = state.withLock({ $0.running }) else {
            throw BPFError(
                .attach, "program \(program.name) to \(other)",
                reason: "the program that is there was pinned by an older policyd, and could not be put back: unload its probe first")
        }
        let new = try HeldProgram(program.duplicate())
        let held = HeldAttachment(try exchange(for: program, at: other, from: own.program), of: new, at: other)
        let undo: Undo = { [self] in
            Self.failure { () throws(BPFError) in
                restore(try held.exchange(for: own.program, at: target, from: new.program))
                try pinAgain()
            }
        }
        return (held, undo)
    }

    private static func failure(_ body: () throws(BPFError) -> Void) -> BPFError? {
        do throws(BPFError) { try body() } catch { return error }
        return nil
    }

    /// Lets this attachment go and attaches another program; if that fails this one's program is attached again.
    private func exchange(
        for new: borrowing Program, at other: AttachTarget, from own: borrowing Program
    ) throws(BPFError) -> Attachment {
        let bridge = Self.bridge(new, beside: other)
        detach()
        do throws(BPFError) {
            let attachment = try new.attach(to: other)
            if let bridge { try? bridge.detach() }
            return attachment
        } catch {
            do throws(BPFError) {
                restore(try own.attach(to: target))
            } catch let second {
                throw error.adding("the program that was there could not be put back: \(second)")
            }
            do throws(BPFError) {
                try pinAgain()
            } catch let second {
                throw error.adding("\(second)")
            }
            throw error
        }
    }

    /// Attaches a program beside the place where it is to be, if programs there have an order.
    private static func bridge(_ program: borrowing Program, beside target: AttachTarget) -> Attachment? {
        guard case .netfilter(let hook) = target else { return nil }
        for step: Int32 in [1, -1, 2, -2, 3, -3] {
            let (priority, isTooFar) = hook.priority.addingReportingOverflow(step)
            if isTooFar { continue }
            let near = NetfilterHook(hook.family, hook.point, priority: priority, defragments: hook.defragments)
            if let attachment = try? program.attach(to: .netfilter(near)) { return attachment }
        }
        return nil
    }

    private func restore(_ attachment: consuming Attachment) {
        var attachment = Optional(attachment)
        state.withLock { $0.attachment = attachment.take() }
    }

    /// Puts the new links where the former ones were pinned, so that there is always one of them.
    private func pinAgain() throws(BPFError) {
        try state.withLock { state throws(BPFError) in
            guard !state.pins.isEmpty else { return }
            let fresh = state.pins.map { "\($0)-again" }
            do throws(BPFError) {
                try state.attachment?.pin(at: fresh)
                for (from, to) in zip(fresh, state.pins) where unsafe rename(from, to) != 0 {
                    throw BPFError(.pin, "\(target) at \(to)", errno: errno)
                }
            } catch {
                for path in fresh { unsafe unlink(path) }
                throw error.adding("program \(state.program) is attached to \(target) again, but not pinned: it goes with this process")
            }
        }
    }
}

extension BPFError {
    /// The same, with more that came of it.
    fileprivate func adding(_ words: String) -> BPFError {
        BPFError(step, subject, errno: errno, reason: [reason, words].filter { !$0.isEmpty }.joined(separator: "; "))
    }
}

/// A program that several values hold on to.
private final class HeldProgram: Sendable {
    let program: Program
    /// The kernel's number of it.
    let id: UInt32

    init(_ program: consuming Program) throws(BPFError) {
        id = try program.info.id
        self.program = program
    }
}
