import CLibBPF
import Glibc

/// A program's attachment of whatever kind: a link, as many links as the target takes (a perf event on each processor), or what kernels
/// have no link for (a filter at clsact, a program at a map's sockets, USDT probes).
///
/// When the value goes the program is detached, but for links that are pinned.
public struct Attachment: ~Copyable, Sendable {
    let parts: [any AttachmentPart]

    init(_ parts: [any AttachmentPart]) { self.parts = parts }

    /// An attachment that is a link.
    public init(_ link: consuming Link) { parts = [LinkPart(link)] }

    /// The attachment of one link that was pinned at a path of a bpf filesystem.
    public init(pinnedAt path: String) throws(BPFError) { parts = [LinkPart(try Link(pinnedAt: path))] }

    /// The attachment whose links were pinned at these paths, each at one.
    public init(pinnedAt paths: [String]) throws(BPFError) {
        var parts: [any AttachmentPart] = []
        for path in paths { parts.append(LinkPart(try Link(pinnedAt: path))) }
        guard !parts.isEmpty else { throw BPFError(.openPin, "attachment", reason: "no path was given") }
        self.parts = parts
    }

    /// What the kernel says about the links; nothing of kinds that have none.
    public var links: [LinkInfo] {
        get throws(BPFError) {
            var found: [LinkInfo] = []
            for part in parts {
                if let descriptor = part.linkDescriptor { found.append(try LinkInfo(descriptor: descriptor, subject: "link")) }
            }
            return found
        }
    }

    /// How many links it consists of; nothing if part of it is no link, so that it cannot be pinned.
    public var linkCount: Int? { parts.allSatisfy { $0.linkDescriptor != nil } ? parts.count : nil }

    /// Whether it consists of links alone, and so can be pinned.
    public var canBePinned: Bool { linkCount != nil }

    /// Pins the one link it consists of at a path of a bpf filesystem: the program stays attached without this handle.
    ///
    /// - Throws: `BPFError` if the attachment is not by a link, or by several: see `pin(at:)` with as many paths. Nothing is pinned then.
    public func pin(at path: String) throws(BPFError) { try pin(at: [path]) }

    /// Pins each link at a path of its own: the program stays attached without this handle. Unlinking the files takes the pins away.
    ///
    /// - Parameter paths: As many as `linkCount` says.
    /// - Throws: `BPFError` if the attachment is not by links, or has another number of them; nothing is pinned then.
    public func pin(at paths: [String]) throws(BPFError) {
        // What cannot be pinned says so itself.
        if linkCount != nil, paths.count != parts.count {
            throw BPFError(
                .pin, "attachment at \(paths.joined(separator: ", "))",
                reason: "it consists of \(parts.count) links, and each needs a path of its own; there are \(paths.count)")
        }
        for (index, part) in parts.enumerated() {
            do throws(BPFError) {
                try part.pin(at: index < paths.count ? paths[index] : "")
            } catch {
                for earlier in paths.prefix(index) { unsafe unlink(earlier) }
                throw error
            }
        }
    }

    /// Puts another program in the place of the attached one; of several links, one after the other.
    ///
    /// - Throws: `BPFError` with EINVAL or EOPNOTSUPP for kinds whose program cannot be changed (probes, tracing, netfilter): attach the
    ///   new program beside the old one, and then let that go.
    public func update(to program: borrowing Program) throws(BPFError) {
        for part in parts { try part.update(to: program) }
    }

    /// Detaches the program now, also where links are pinned, if the kernel lets links of the kind be detached; others go with the last
    /// handle and pin.
    ///
    /// - Throws: `BPFError` of step `detach`; for a filter at clsact also on a thread of another network namespace than the interface's.
    public consuming func detach() throws(BPFError) {
        for part in parts { try part.detach() }
    }

    /// Begins to read an iterator: see `Link.read()`.
    public func read() throws(BPFError) -> IteratorOutput {
        guard parts.count == 1, let descriptor = parts[0].linkDescriptor else {
            throw BPFError(.read, "attachment", reason: "it is no iterator")
        }
        return IteratorOutput(adopting: try check(.read, "iterator") { bpf_iter_create(descriptor) })
    }
}

/// One of what an attachment consists of; the program is detached when it goes.
protocol AttachmentPart: AnyObject, Sendable {
    /// The descriptor, if it is a link.
    var linkDescriptor: CInt? { get }
    func detach() throws(BPFError)
    func pin(at path: String) throws(BPFError)
    func update(to program: borrowing Program) throws(BPFError)
}

/// A link as a part.
final class LinkPart: AttachmentPart {
    private let link: Link

    init(_ link: consuming Link) { self.link = link }

    var linkDescriptor: CInt? { link.fileDescriptor }
    func pin(at path: String) throws(BPFError) { try link.pin(at: path) }
    func update(to program: borrowing Program) throws(BPFError) { try link.update(to: program) }

    func detach() throws(BPFError) {
        let number = bpf_link_detach(link.fileDescriptor)
        // Kinds that go with the last handle.
        if number < 0, number != -EOPNOTSUPP { throw BPFError(.detach, "link", errno: -number) }
    }
}
