internal import BPF
internal import Glibc

/// The folder on a bpf filesystem where a probe that outlives the daemon lies.
///
///     probes/NAME/7/maps/MAP      its maps
///     probes/NAME/7/links/0       its attachments, in the order of the programs
///     probes/NAME/7/links/1-1     the second link of one that consists of several
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
    /// The paths of the links of an attachment.
    func links(_ index: Int, count: Int) -> [String] {
        (0..<count).map { "\(own)/links/\(index)\($0 == 0 ? "" : "-\($0)")" }
    }

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
        try Self.makeFolder("\(own)/maps")
        guard BPFFilesystem.isMounted(at: own) else {
            removeGeneration()
            throw ProbeError("\(folder) is not on a bpf filesystem, where what is to outlive the daemon has to be")
        }
    }

    private static func makeFolder(_ path: String) throws(ProbeError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw ProbeError("cannot make the folder \(path): \(unsafe String(cString: strerror(errno)))")
    }

    /// Takes this generation away; what nobody else holds leaves the kernel. Links go first: programs no longer run while the rest goes.
    func removeGeneration() {
        Self.removeAll(own)
        // With the last generation.
        unsafe _ = rmdir(folder)
    }

    /// Takes every other generation away.
    public func removeOthers() {
        for name in Directory.names(in: folder) where name != "\(generation)" { Self.removeAll("\(folder)/\(name)") }
    }

    /// Whether there are other generations: what came between was cut short.
    var hasOthers: Bool { Directory.names(in: folder).contains { $0 != "\(generation)" } }

    private static func removeAll(_ own: String) {
        for part in ["links", "maps"] {
            for name in Directory.names(in: "\(own)/\(part)") { unsafe _ = unlink("\(own)/\(part)/\(name)") }
            unsafe _ = rmdir("\(own)/\(part)")
        }
        unsafe _ = rmdir(own)
    }

    /// Takes away what lies there of probes whose names are not among those given.
    public static func removeAll(in probes: String, but names: Set<String>) {
        for name in Directory.names(in: probes) where !names.contains(decoded(name)) {
            for generation in Directory.names(in: "\(probes)/\(name)") { removeAll("\(probes)/\(name)/\(generation)") }
            unsafe _ = rmdir("\(probes)/\(name)")
        }
        unsafe _ = rmdir(probes)
    }

    /// Whether this generation is there.
    public var exists: Bool { unsafe access("\(own)/links", F_OK) == 0 }
}
