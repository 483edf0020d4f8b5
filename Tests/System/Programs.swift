import BPF
import CLibBPF
import Glibc

/// The programs under test, beside the test bundle, and files that are shipped with them.
enum Programs {
    static let policyd = "\(buildFolder)/policyd"
    static let policyctl = "\(buildFolder)/policyctl"
    static let essentials = "\(package)/config/policies/essentials.yaml"
    static let example = "\(package)/config/examples/web.yaml"

    private static let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    private static let buildFolder: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let program = String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        // The tests run inside a program of the toolchain or one of their own; the bundle is among the arguments then.
        for argument in [program] + CommandLine.arguments {
            let folder = argument.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            if access("\(folder)/policyctl", X_OK) == 0 { return folder }
        }
        return "\(package)/.build/debug"
    }()
}

/// Pins and programs in the kernel.
enum Pin {
    /// Whether a program is in the kernel, by its number.
    static func isLoaded(program id: UInt32) -> Bool {
        let descriptor = bpf_prog_get_fd_by_id(id)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Removes a folder of pins with all that is in it.
    static func removeAll(in path: String) {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            if unlink("\(path)/\(name)") != 0 { removeAll(in: "\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}

/// The programs that pins hold.
enum PinnedPrograms {
    /// The numbers of all programs pinned in a folder or in one below it.
    static func numbers(in path: String) throws -> [UInt32] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var numbers: [UInt32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            if entry.pointee.d_type == UInt8(DT_DIR) {
                numbers += try self.numbers(in: "\(path)/\(name)")
            } else if let program = try? Program(pinnedAt: "\(path)/\(name)") {
                numbers.append(try program.info.id)
            }
        }
        return numbers
    }
}
