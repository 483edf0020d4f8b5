#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Why a file cannot be read, in one sentence.
package struct FileProblem: Error {
    /// The file as messages name it.
    package var path: String
    /// The sentence without the name.
    package var reason: String

    /// The sentence with the name.
    /// A path that is no name but a mistake is cut.
    var message: String {
        let shown = path.count > 400 ? "\(path.prefix(200))…\(path.suffix(100))" : path
        return "\(shown): \(reason)"
    }

    static func binary(_ path: String, _ expected: String) -> FileProblem {
        FileProblem(path: path, reason: "is a binary file, not \(expected)")
    }
}

/// `read(2)`, which the names below hide.
private func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    unsafe read(descriptor, buffer, count)
}

/// Reads whole files of limited size.
package enum FileContents {
    /// The largest file of documents: 16 MiB. Long lists belong in list files.
    static let documentLimit = 16 << 20
    /// The largest list file: 256 MiB.
    static let listLimit = 256 << 20

    /// The bytes of a file; `-` is standard input if that is allowed.
    ///
    /// A regular file above the limit is refused by its size, without reading it.
    package static func read(_ path: String, limit: Int, remedy: String, standardInput: Bool = false) throws(FileProblem) -> [UInt8] {
        if standardInput, path == "-" { return try readAll(0, "<stdin>", limit: limit, remedy: remedy, expected: 0) }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem(path: path, reason: words(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileProblem(path: path, reason: words(errno)) }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileProblem(path: path, reason: "is a directory, not a file") }
        let size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
        guard size <= limit else { throw tooLarge(path, limit: limit, remedy: remedy, size: size) }
        return try readAll(descriptor, path, limit: limit, remedy: remedy, expected: size)
    }

    private static func readAll(
        _ descriptor: CInt, _ path: String, limit: Int, remedy: String, expected: Int
    ) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var failure: CInt = 0
        while bytes.count <= limit {
            // One byte more than the file's size, so that its end is seen at once.
            let wanted = min(max(expected + 1 - bytes.count, 64 << 10), limit + 1 - bytes.count)
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                let got = unsafe Self.read(descriptor, buffer.baseAddress, wanted)
                failure = got < 0 ? errno : 0
                count = max(got, 0)
            }
            guard failure == 0 else { throw FileProblem(path: path, reason: words(failure)) }
            if chunk.isEmpty { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
        }
        throw tooLarge(path, limit: limit, remedy: remedy, size: nil)
    }

    private static func read(_ descriptor: CInt, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
        while true {
            let got = unsafe systemRead(descriptor, buffer, count)
            if got >= 0 || errno != EINTR { return got }
        }
    }

    private static func tooLarge(_ path: String, limit: Int, remedy: String, size: Int?) -> FileProblem {
        let has = size.map { "has \(($0 + (1 << 20) - 1) >> 20) MiB" } ?? "is larger than that"
        return FileProblem(path: path, reason: "\(has), and at most \(limit >> 20) MiB are read\(remedy)")
    }

    private static func words(_ code: CInt) -> String {
        switch code {
        case ENOENT, ENOTDIR: "no such file"
        case EACCES, EPERM: "cannot be read: permission denied"
        default: "cannot be read: \(unsafe String(cString: strerror(code)))"
        }
    }

    /// The names of the files of documents in a folder, sorted: `*.yaml` and `*.yml`, hidden ones left out.
    static func documents(in folder: String) throws(FileProblem) -> [String] {
        guard let directory = unsafe opendir(folder) else {
            let code = errno
            throw FileProblem(path: folder, reason: code == ENOENT ? "no such folder" : words(code))
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") { names.append(name) }
        }
        let base = folder.hasSuffix("/") ? folder : "\(folder)/"
        return names.sorted().map { base + $0 }
    }
}
