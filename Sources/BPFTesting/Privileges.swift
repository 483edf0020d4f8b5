import CLibBPF
import Glibc

/// Runs a closure on a fresh thread that has no capabilities, as an ordinary user's process has none.
public func withoutCapabilities<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try onFreshThread { () throws(E) -> R in
        precondition(swiftbpf_drop_capabilities() == 0, "cannot drop capabilities: errno \(errno)")
        return try body()
    }
}
