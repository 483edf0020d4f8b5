import FoundationEssentials
import Glibc

/// Files of the state folder, written so that each is there whole or not at all, whenever the power goes.
struct StateFolder: Sendable {
    let path: String

    /// Writes a file beside its place, forces it to disk, and moves it into place.
    func write(_ bytes: some ContiguousBytes, to name: String) throws {
        try prepare(bytes, for: name)
        try commit(name)
    }

    /// Writes a file beside its place and forces it to disk, where it counts for nothing until it is committed.
    func prepare(_ bytes: some ContiguousBytes, for name: String) throws {
        let temporary = "\(path)/\(name).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("write \(temporary)") }
        do {
            defer { close(descriptor) }
            try bytes.withUnsafeBytes { buffer in
                var offset = 0
                while offset < buffer.count {
                    let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                    guard count >= 0 || errno == EINTR else { throw SystemCallError("write \(temporary)") }
                    offset += max(0, count)
                }
            }
            guard fsync(descriptor) == 0 else { throw SystemCallError("write \(temporary) to disk") }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Moves a prepared file into its place; when this returns it is there for good.
    func commit(_ name: String) throws {
        let target = "\(path)/\(name)"
        let temporary = "\(target).new"
        guard rename(temporary, target) == 0 else {
            let error = SystemCallError("rename \(temporary)")
            unlink(temporary)
            throw error
        }
        try synchronize(folder(of: target))
    }

    /// Reads a file whole; nil if there is none.
    func read(_ name: String) throws -> Data? {
        let file = "\(path)/\(name)"
        guard access(file, F_OK) == 0 else {
            guard errno == ENOENT else { throw SystemCallError("read \(file)") }
            return nil
        }
        guard let data = FileManager.default.contents(atPath: file) else { throw SystemCallError("read \(file)", errno: EIO) }
        return data
    }

    /// Takes a file away; it may be gone already.
    ///
    /// - Parameter forGood: Whether it must not come back if the power goes now.
    func remove(_ name: String, forGood: Bool = false) throws {
        let file = "\(path)/\(name)"
        guard unlink(file) == 0 || errno == ENOENT else { throw SystemCallError("remove \(file)") }
        if forGood { try synchronize(folder(of: file)) }
    }

    /// The names in a folder below, without those of unfinished files, which are taken away.
    func names(in folder: String) throws -> [String] {
        let place = "\(path)/\(folder)"
        guard let directory = opendir(place) else { throw SystemCallError("list \(place)") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name == "." || name == ".." { continue }
            if name.hasSuffix(".new") {
                unlink("\(place)/\(name)")
            } else {
                names.append(name)
            }
        }
        return names
    }

    /// A file's name is on disk only when its folder is.
    private func synchronize(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemCallError("write \(folder) to disk") }
    }
}
