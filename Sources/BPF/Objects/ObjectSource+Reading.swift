import CLibBPF
import Glibc

extension ObjectSource {
    /// The most bytes an object may have: 64 MiB. The kernel takes a million instructions a program, which are 8 MB; debug information is
    /// more.
    public static var sizeLimit: Int { ObjectCheck.sizeLimit }

    /// The name the object goes by: the one given with its bytes, or as libbpf has it the file's up to its first dot.
    public var name: String {
        switch self {
        case .bytes(_, let name): name
        case .file(let path): String((path.split(separator: "/").last ?? "").prefix { $0 != "." })
        }
    }

    /// The bytes; those of a file are read.
    ///
    /// - Throws: `BPFError` of step `open` if there is no such file, it is a folder, pipe or device, or larger than `sizeLimit`.
    public func bytes() throws(BPFError) -> [UInt8] {
        switch self {
        case .bytes(let bytes, _): bytes
        case .file(let path): try Self.readFile(path)
        }
    }

    /// What an error speaks of.
    var subject: String {
        switch self {
        case .bytes(_, let name): "object \(name)"
        case .file(let path): "object \(path)"
        }
    }

    private static func readFile(_ path: String) throws(BPFError) -> [UInt8] {
        let subject = ObjectSource.file(path).subject
        // A pipe that nobody writes to must not keep anybody waiting.
        let file = Descriptor(adopting: try system(.open, subject) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
        var status = stat()
        try system(.open, subject) { unsafe fstat(file.rawValue, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw BPFError(.open, subject, reason: "it is not a file with contents") }
        guard status.st_size <= ObjectCheck.sizeLimit else {
            throw BPFError(.open, subject, reason: "it has \(status.st_size) bytes, and \(ObjectCheck.sizeLimit) are the most")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var length = 0
        while length < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(file.rawValue, $0.baseAddress.map { unsafe $0 + length }, $0.count - length)
            }
            if count < 0, Glibc.errno == EINTR { continue }
            if count < 0 { throw BPFError(.open, subject, errno: Glibc.errno) }
            if count == 0 { break }
            length += count
        }
        return Array(bytes.prefix(length))
    }
}
