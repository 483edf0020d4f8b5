import CLibBPF
import Glibc

/// Runs a closure on a fresh thread that has the trace filesystem at `/sys/kernel/tracing`, mounted for this thread alone if need be.
///
/// libbpf reads the numbers of tracepoints there when it attaches; afterwards it is not needed.
public func withTraceFilesystem<R>(_ body: () throws -> R) throws -> R {
    try onFreshThread {
        var status = statfs()
        // TRACEFS_MAGIC.
        if unsafe statfs("/sys/kernel/tracing", &status) != 0 || status.f_type != 0x7472_6163 {
            guard swiftbpf_unshare(CInt(SWIFTBPF_NEWNS)) == 0 else { throw TestingError("cannot make a mount namespace", errno: errno) }
            // Without this the mount would show in the namespace outside as well.
            guard unsafe mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
                unsafe mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, nil) == 0
            else { throw TestingError("cannot mount tracefs", errno: errno) }
        }
        return try body()
    }
}
