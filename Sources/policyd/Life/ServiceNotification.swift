import Glibc
import PolicyAPI

/// Tells the service manager how the daemon is, as sd_notify(3) does. Does nothing where nobody asked for it.
struct ServiceNotification: Sendable {
    private let address: String?

    /// - Parameter address: the value of `NOTIFY_SOCKET`: a path, or an abstract name after `@`.
    init(address: String?) {
        self.address = address.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The daemon enforces and answers.
    func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The daemon reads its configuration again; `ready` ends this.
    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())\nSTATUS=reloading") }

    /// The daemon is about to end.
    func stopping() { send("STOPPING=1\nSTATUS=stopping; enforcement stays in place") }

    /// One line on what the daemon does.
    func status(_ text: String) { send("STATUS=\(text)") }

    private func send(_ message: String) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }

        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var name = Array(address.utf8)
        // An abstract name starts with a zero byte.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: target.sun_path) else { return }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(message.utf8)
        _ = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
