import Glibc

/// A system call that failed, in words.
struct SystemCallError: Error, CustomStringConvertible {
    /// What was to be done, as in `open /var/lib/policyd/lock`.
    var what: String
    var errno: CInt

    init(_ what: String, errno: CInt = Glibc.errno) {
        self.what = what
        self.errno = errno
    }

    var description: String { "\(what): \(words(forErrno: errno))" }
}

/// The C library's words for an error number.
func words(forErrno number: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(truncatingIfNeeded:)), as: UTF8.self)
}

/// Writes all bytes, going on after interruptions; false if that was not possible.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
    bytes.withUnsafeBytes { buffer in
        var offset = 0
        while offset < buffer.count {
            let count = write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            if count < 0 {
                guard errno == EINTR else { return false }
            } else {
                offset += count
            }
        }
        return true
    }
}

/// Makes a folder and those above it, open to the owner only where new.
func makeFolder(_ path: String, mode: mode_t = 0o700) throws(SystemCallError) {
    guard mkdir(path, mode) != 0, errno != EEXIST else { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
        throw SystemCallError("make the folder \(path)")
    }
    try makeFolder(String(path[..<slash]), mode: 0o755)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemCallError("make the folder \(path)") }
}

/// The folder that holds a path.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
