public import Foundation

/// The compilers of a Swift toolchain.
public struct Toolchain: Sendable, Equatable {
    /// The Swift compiler.
    public var swiftc: URL
    /// The clang beside it, with the back end for eBPF.
    public var clang: URL

    /// The versions of Swift that programs are tested with. Documents name them from here.
    public static let tested = ["6.3.1"]

    /// The first version that places functions in sections by a language feature of its own.
    static let least = (major: 6, minor: 3)

    /// A toolchain by its compilers.
    public init(swiftc: URL, clang: URL) {
        self.swiftc = swiftc
        self.clang = clang
    }

    /// - Parameter folder: Where the compilers lie.
    public init(folder: URL) { self.init(swiftc: folder.appending(path: "swiftc"), clang: folder.appending(path: "clang")) }

    /// That of the first folder on the path that holds a Swift compiler; nil if none does.
    public static var onPath: Toolchain? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folder = path.split(separator: ":").first { FileManager.default.isExecutableFile(atPath: "\($0)/swiftc") }
        return folder.map { Toolchain(folder: URL(fileURLWithPath: String($0))) }
    }

    /// The version of Swift that the compiler says it is: "6.3.1".
    /// - Throws: ``EBPFCompiler/Failure``, in words, if programs cannot be compiled with it.
    public func version() throws -> String {
        let said = try Command(swiftc, ["--version"]).run(isTold: false)
        let version = String(said.firstRange(of: "Swift version ").map { said[$0.upperBound...].prefix { $0.isNumber || $0 == "." } } ?? "")
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        let least = Self.least
        guard let major = numbers.first, (major, numbers.dropFirst().first ?? 0) >= least else {
            let found = version.isEmpty ? said : version
            throw EBPFCompiler.Failure(
                description: "error: eBPF programs in Swift need Swift \(least.major).\(least.minor) or later; \(swiftc.path) is \(found)")
        }
        guard try Command(clang, ["--print-targets"]).run(isTold: false).contains("bpfel") else {
            throw EBPFCompiler.Failure(
                description: "error: \(clang.path) cannot compile for eBPF; use the clang of a toolchain of swift.org, beside its swiftc")
        }
        return version
    }

    /// What is to be said of a version that programs are not tested with; nil for one that they are.
    public func warning(of version: String) -> String? {
        if Self.tested.contains(version) { return nil }
        return "warning: eBPF programs in Swift are tested with Swift \(Self.testedVersions); this is Swift \(version) (\(swiftc.path))"
    }

    /// The tested versions as documents say them.
    public static var testedVersions: String { tested.joined(separator: ", ") }

    /// What tells one state of the compilers from another.
    var state: String { [swiftc, clang].map { $0.resolvingSymlinksInPath().state }.joined(separator: "\n") }
}

extension URL {
    /// A file's path, size and date.
    var state: String {
        let values = try? resourceValues(forKeys: [.contentModificationDateKey, .fileSizeKey])
        return "\(path) \(values?.fileSize ?? 0) \(values?.contentModificationDate?.timeIntervalSince1970 ?? 0)"
    }
}
