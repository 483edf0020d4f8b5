import CLibBPF
import Glibc

/// The filesystem in which maps, programs and links are pinned.
public enum BPFFilesystem {
    /// Whether a path lies on a bpf filesystem.
    public static func isMounted(at path: String) -> Bool {
        var status = statfs()
        // BPF_FS_MAGIC, with the sign of the field's type taken off.
        return unsafe statfs(path, &status) == 0 && UInt32(truncatingIfNeeded: status.f_type) == 0xcafe_4a11
    }

    /// Mounts a bpf filesystem on a folder, with mode 0700.
    public static func mount(at path: String) throws(BPFError) {
        try system(.mount, "bpf filesystem at \(path)") {
            unsafe Glibc.mount("bpf", path, "bpf", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), "mode=0700")
        }
    }

    /// Unmounts a bpf filesystem; what is pinned there goes with it, unless it is mounted elsewhere too.
    public static func unmount(at path: String) throws(BPFError) {
        try system(.mount, "bpf filesystem at \(path)") { unsafe umount2(path, CInt(MNT_DETACH)) }
    }
}
