import Glibc

/// Standard output.
enum Output {
    /// Writes all of a text. Ends the program quietly if nobody reads any more.
    static func write(_ text: String) {
        write(Array(text.utf8)[...])
    }

    /// Writes all bytes. Ends the program quietly if nobody reads any more.
    static func write(_ bytes: ArraySlice<UInt8>) {
        guard !writeAll(bytes, to: STDOUT_FILENO) else { return }
        if errno == EPIPE { exit(Code.done.rawValue) }
        complain("policyctl: cannot write the result: \(errorText(errno))")
        exit(Code.refused.rawValue)
    }
}

/// A line on standard error.
func complain(_ text: String) {
    writeAll(Array((text + "\n").utf8)[...], to: STDERR_FILENO)
}

/// Writes all bytes, going on after interruptions; false, and `errno`, if that was not possible.
@discardableResult
private func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Bool {
    bytes.withUnsafeBytes { buffer in
        var offset = 0
        while offset < buffer.count {
            let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                // A terminal or pipe that somebody else made non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// The C library's words for an error number.
func errorText(_ number: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(truncatingIfNeeded:)), as: UTF8.self)
}

/// A variable of the environment; nil if it is not set.
func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
