import BPF
import CLibBPF
import Glibc

/// The programs under test, beside the test bundle, and files that are shipped with them.
enum Programs {
    static let policyd = "\(buildFolder)/policyd"
    static let policyctl = "\(buildFolder)/policyctl"
    static let essentials = "\(package)/config/policies/essentials.yaml"
    static let probes = "\(package)/config/probes"
    static let example = "\(package)/config/examples/web.yaml"

    private static let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    private static let buildFolder: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let program = String(decoding: path.prefix(max(0, count)).map(UInt8.init(truncatingIfNeeded:)), as: UTF8.self)
        // The tests run inside a program of the toolchain or one of their own; the bundle is among the arguments then.
        for argument in [program] + CommandLine.arguments {
            let folder = argument.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            if access("\(folder)/policyctl", X_OK) == 0 { return folder }
        }
        return "\(package)/.build/debug"
    }()
}

/// Pins, and programs in the kernel.
enum Pin {
    /// Whether a program is in the kernel, by its number.
    static func isLoaded(program id: UInt32) -> Bool {
        let descriptor = bpf_prog_get_fd_by_id(id)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// The numbers of all programs pinned in a folder or in one below it.
    static func programs(in path: String) throws -> [UInt32] {
        try FolderEntry.all(in: path).flatMap { entry in
            if entry.isFolder { return try programs(in: "\(path)/\(entry.name)") }
            guard let program = try? Program(pinnedAt: "\(path)/\(entry.name)") else { return [] as [UInt32] }
            return [try program.info.id]
        }
    }

    /// Removes a folder of pins with all that is in it.
    static func removeAll(in path: String) {
        for entry in FolderEntry.all(in: path) {
            if entry.isFolder { removeAll(in: "\(path)/\(entry.name)") } else { unlink("\(path)/\(entry.name)") }
        }
        rmdir(path)
    }
}
