internal import BPF
internal import Synchronization

/// A program's attachment that may be handed from a probe to the one that takes its place.
final class HeldAttachment: Sendable {
    /// Where it is attached, as a document writes it.
    let target: String
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var program: String
        var attachment: Attachment?
    }

    init(_ attachment: consuming Attachment, program: String, target: String) {
        self.target = target
        state = Mutex(State(program: program, attachment: attachment))
    }

    /// The program's name.
    var program: String { state.withLock { $0.program } }

    var canBePinned: Bool { state.withLock { $0.attachment?.canBePinned ?? false } }

    func pin(at path: String) throws(BPFError) {
        try state.withLock { state throws(BPFError) in try state.attachment?.pin(at: path) }
    }

    /// Has another program run in place of this one, in one step.
    ///
    /// - Returns: What undoes it; nil if the kernel cannot change programs of this kind of attachment.
    func update(to program: borrowing Program) -> (@Sendable () -> Void)? {
        let name = program.name
        guard let id = state.withLock({ try? $0.attachment?.links.first?.programID }), let old = try? Program(id: id) else { return nil }
        let before = self.program
        let isUpdated = state.withLock { state in
            guard let attachment = state.attachment.take() else { return false }
            let isUpdated = (try? attachment.update(to: program)) != nil
            state.attachment = .some(attachment)
            if isUpdated { state.program = name }
            return isUpdated
        }
        guard isUpdated else { return nil }
        let restored = HeldProgram(old)
        return { [self] in
            state.withLock { state in
                guard let attachment = state.attachment.take() else { return }
                try? attachment.update(to: restored.program)
                state.attachment = .some(attachment)
                state.program = before
            }
        }
    }

    /// Ends it now.
    func detach() {
        let attachment = state.withLock { $0.attachment.take() }
        if let attachment { try? attachment.detach() }
    }
}

/// A program that several values hold on to.
private final class HeldProgram: Sendable {
    let program: Program

    init(_ program: consuming Program) { self.program = program }
}
