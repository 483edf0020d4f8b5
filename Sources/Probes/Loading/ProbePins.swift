internal import BPF
internal import Glibc

/// The folder on a bpf filesystem where a probe that outlives the daemon lies.
///
///     probes/NAME/7/maps/MAP      its maps
///     probes/NAME/7/links/0       its attachments, in the order of the programs
///     probes/NAME/7/links/1-1     the second link of one that consists of several
///     probes/NAME/7/programs/PROG its attached programs, which the next process puts back if a replacement fails
///     probes/NAME/7/told          how many of its losses have been told: ``ToldLosses``
///
///     probes/NAME/7-handed-on     there while another probe takes over what is pinned of this one: it is not whole then
///
/// The number is a generation: what takes the place of another is made beside it.
public struct ProbePins: Sendable, Hashable {
    /// The folder of all generations of a probe.
    public let folder: String
    public let generation: Int

    /// - Parameters:
    ///   - probes: The folder of all probes.
    ///   - name: The probe's name.
    public init(probes: String, name: String, generation: Int) {
        folder = "\(probes)/\(Self.encoded(name))"
        self.generation = generation
    }

    private var own: String { "\(folder)/\(generation)" }
    func map(_ name: String) -> String { "\(own)/maps/\(Self.encoded(name))" }
    func program(_ name: String) -> String { "\(own)/programs/\(Self.encoded(name))" }
    /// The paths of the links of an attachment.
    func links(_ index: Int, count: Int) -> [String] {
        (0..<count).map { "\(own)/links/\(index)\($0 == 0 ? "" : "-\($0)")" }
    }
    var told: String { "\(own)/told" }

    /// The kernel takes no dots in the names of pins.
    private static func encoded(_ name: String) -> String {
        name.utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "."): text += "%2e"
            case UInt8(ascii: "/"): text += "%2f"
            case UInt8(ascii: "%"): text += "%25"
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }

    /// The name that a folder's is the encoding of.
    public static func decoded(_ name: String) -> String {
        name.replacing("%2e", with: ".").replacing("%2f", with: "/").replacing("%25", with: "%")
    }

    /// Makes the folders.
    func makeFolders() throws(ProbeError) {
        var path = ""
        for part in "\(own)/links".split(separator: "/") {
            path += "/\(part)"
            try Self.makeFolder(path)
        }
        for kind in ["maps", "programs"] { try Self.makeFolder("\(own)/\(kind)") }
        guard BPFFilesystem.isMounted(at: own) else {
            removeGeneration()
            throw ProbeError("\(folder) is not on a bpf filesystem, where what is to outlive the daemon has to be")
        }
    }

    private static func makeFolder(_ path: String) throws(ProbeError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw ProbeError("cannot make the folder \(path): \(unsafe String(cString: strerror(errno)))")
    }

    /// Whether this generation is there.
    public var exists: Bool { unsafe access("\(own)/links", F_OK) == 0 }

    private var mark: String { "\(own)-handed-on" }

    /// Says for whoever comes after this process that links of this generation may run another probe's programs by now.
    func markHandedOn() throws(ProbeError) {
        // Without its folder there is nothing that could be taken for whole.
        if exists { try Self.makeFolder(mark) }
    }

    /// Takes that back: they run their own, or another generation is pinned.
    func unmarkHandedOn() { unsafe _ = rmdir(mark) }

    /// Whether there are other generations, or this one is handed on: what came between was cut short.
    var hasOthers: Bool { Directory.names(in: folder).contains { $0 != "\(generation)" } }
}

// MARK: - Taking away

extension ProbePins {
    /// Takes this generation away; what nobody else holds leaves the kernel.
    ///
    /// - Returns: Why something stays; nil if nothing does.
    @discardableResult
    func removeGeneration() -> String? {
        let failure = Self.remove(own)
        unmarkHandedOn()
        // With the last generation.
        unsafe _ = rmdir(folder)
        return failure
    }

    /// Takes every other generation away.
    public func removeOthers() {
        for name in Directory.names(in: folder) where name != "\(generation)" {
            Self.detach("\(folder)/\(name)")
            _ = Self.remove("\(folder)/\(name)")
        }
    }

    /// Takes away all that lies there of a probe, of whatever generation; there may be nothing.
    ///
    /// - Throws: ``ProbeError`` if something stays: its programs may still run.
    public static func remove(_ name: String, in probes: String) throws(ProbeError) {
        let folder = "\(probes)/\(encoded(name))"
        let failure = removeGenerations(in: folder)
        if let failure { throw ProbeError("cannot take its pins away: \(failure)") }
    }

    /// Takes away what lies there of probes whose names are not among those given.
    public static func removeAll(in probes: String, but names: Set<String>) {
        for name in Directory.names(in: probes) where !names.contains(decoded(name)) { _ = removeGenerations(in: "\(probes)/\(name)") }
        unsafe _ = rmdir(probes)
    }

    /// Whether anything lies there of a probe.
    public static func isAnything(of name: String, in probes: String) -> Bool {
        !Directory.names(in: "\(probes)/\(encoded(name))").isEmpty
    }

    /// The highest generation that lies there of any probe; 0 if nothing does.
    public static func highestGeneration(in probes: String) -> Int {
        Directory.names(in: probes).flatMap { Directory.names(in: "\(probes)/\($0)") }.compactMap { Int($0) }.max() ?? 0
    }

    /// - Returns: Why something stays; nil if nothing does.
    private static func removeGenerations(in folder: String) -> String? {
        for name in Directory.names(in: folder) { detach("\(folder)/\(name)") }
        let failures = Directory.names(in: folder).compactMap { remove("\(folder)/\($0)") }
        return failures.first ?? removing(folder) { unsafe rmdir($0) }
    }

    /// Ends the links of a generation that nobody holds, and whose place nobody takes by an update. Without that the kernel lets go of them
    /// some time after their pins are gone, and a place for one program only is busy until then.
    private static func detach(_ own: String) {
        for name in Directory.names(in: "\(own)/links") { try? Attachment(pinnedAt: "\(own)/links/\(name)").detach() }
    }

    /// Takes a generation's folder away. Links go first: programs no longer run while the rest goes.
    ///
    /// - Returns: Why something stays; nil if nothing does.
    private static func remove(_ own: String) -> String? {
        var failures: [String?] = []
        for folder in ["\(own)/links", "\(own)/programs", "\(own)/maps", own] {
            failures += Directory.names(in: folder).map { name in removing("\(folder)/\(name)") { unsafe unlink($0) } }
            failures.append(removing(folder) { unsafe rmdir($0) })
        }
        return failures.lazy.compactMap(\.self).first
    }

    /// - Returns: Why it stays; nil if it is gone, also if it was before.
    private static func removing(_ path: String, _ call: (String) -> CInt) -> String? {
        guard call(path) != 0, errno != ENOENT else { return nil }
        return "\(path): \(unsafe String(cString: strerror(errno)))"
    }
}
