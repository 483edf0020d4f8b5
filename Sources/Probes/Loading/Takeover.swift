internal import BPF
internal import Synchronization

/// How attachments go from a probe to the one that takes its place: see ``ReplacementWay``.
struct Takeover {
    /// A program and one of the places it goes to.
    struct Wish: Sendable, Hashable {
        var program: String
        var target: AttachTarget
    }

    /// A program that could not be attached.
    struct Refusal: Error {
        var program: String
        var error: BPFError
    }

    private let old: LoadedProbe?
    /// What can still be taken over.
    private var left: [HeldAttachment]
    /// What has let go of its place for another.
    private var gone: [HeldAttachment] = []
    /// What the new probe has, by the order in which it was asked for.
    private var taken: [Int: HeldAttachment] = [:]
    private var undos: [HeldAttachment.Undo] = []

    init(_ old: LoadedProbe?) {
        self.old = old
        left = old?.attachments.withLock { $0 } ?? []
    }

    /// What the new probe has.
    var held: [HeldAttachment] { taken.sorted { $0.key < $1.key }.map(\.value) }

    /// Whether the old probe is at a target, or where only one of the two can be.
    func holds(_ target: AttachTarget) -> Bool {
        let place = ExclusivePlace(target)
        return left.contains { $0.target == target || (place != nil && ExclusivePlace($0.target) == place) }
    }

    /// Attaches programs, in the place of the old probe's where they can be.
    ///
    /// First what the old probe has nothing to do with, in the order given, since that may fail without anyone having noticed; then the
    /// links of the old probe are updated; and then it lets go of places that only one can have.
    ///
    /// - Parameter object: Where the programs are.
    /// - Throws: ``Refusal``. ``undo()`` is to be called then.
    mutating func attach(_ wishes: [Wish], of object: borrowing LoadedObject) throws(Refusal) {
        // Last what found its place taken over by another program of the new probe.
        for way in [ReplacementWay.beside, .update, .exchange, .beside] {
            for (index, wish) in wishes.enumerated() where taken[index] == nil && self.way(of: wish) == way {
                do throws(BPFError) {
                    taken[index] = try attach(object.program(wish.program), to: wish.target, way)
                } catch {
                    throw Refusal(program: wish.program, error: error)
                }
            }
        }
    }

    /// Seen from what the old probe has now, which becomes less as places are taken over.
    private func way(of wish: Wish) -> ReplacementWay {
        if ReplacementWay(wish.target) == .update, place(for: wish) != nil { return .update }
        return rival(of: wish.target) == nil ? .beside : .exchange
    }

    /// The attachment whose program is to be changed: of several at the same target that of the program's name first.
    private func place(for wish: Wish) -> Int? {
        let same = left.indices.filter { left[$0].target == wish.target }
        return same.first { left[$0].program == wish.program } ?? same.first
    }

    /// The attachment that has to go for one at a target.
    private func rival(of target: AttachTarget) -> Int? {
        guard let place = ExclusivePlace(target) else { return nil }
        return left.firstIndex { ExclusivePlace($0.target) == place }
    }

    private mutating func attach(
        _ program: borrowing Program, to target: AttachTarget, _ way: ReplacementWay
    ) throws(BPFError) -> HeldAttachment {
        if way == .update, let index = place(for: Wish(program: program.name, target: target)), let undo = left[index].update(to: program) {
            undos.append(undo)
            return left.remove(at: index)
        }
        // Also where a link could have been updated, and the kernel would not: its interface may have come back as another.
        if way != .beside, let index = rival(of: target) {
            let (attachment, undo) = try left[index].giveWay(to: program, at: target)
            undos.append(undo)
            gone.append(left.remove(at: index))
            return attachment
        }
        let attachment = try HeldAttachment(program.attach(to: target), of: program, at: target)
        undos.append {
            attachment.detach()
            return nil
        }
        return attachment
    }

    /// Has everything as it was.
    ///
    /// - Returns: What could not be put back.
    mutating func undo() -> [BPFError] {
        let failures = undos.reversed().compactMap { $0() }
        (taken, undos) = ([:], [])
        return failures
    }

    /// Nothing of the old probe is taken over.
    func unmark() { old?.pins?.unmarkHandedOn() }

    /// The old probe no longer ends what was taken over.
    func accept() {
        let mine = held + gone
        old?.attachments.withLock { attachments in
            attachments.removeAll { one in mine.contains { $0 === one } }
        }
    }
}
