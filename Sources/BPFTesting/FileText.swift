import Glibc

/// All of a file as text, of one that the kernel makes while it is read too; empty if it cannot be read.
func fileText(_ path: String) -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe read(file, &chunk, chunk.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
    }
}

/// The lines of a file that have something in them.
func fileLines(_ path: String) -> [Substring] { fileText(path).split(separator: "\n") }
