import BPFTesting
import Glibc

/// A systemd that runs as the first process of namespaces of its own, over this machine's files: what it writes is gone with it.
///
/// It starts `policyd` by the unit that is shipped, with the programs of this build. Its network has no interface but `lo`, and its control
/// groups lie in one of this test.
final class SystemdContainer: Sendable {
    private let folder: Folder
    private let group: ControlGroup
    private let process: ChildProcess

    /// Boots, and returns once the daemon is up.
    init() throws {
        folder = try Folder()
        group = try ControlGroup()
        let script = try folder.file("boot", Self.script)
        let place = try folder.folder("root")
        process = try ChildProcess(
            ["bash", "-c", "echo $$ >\(group.path)/cgroup.procs && exec \(Self.unshare) bash \(script) \(place) \(Programs.policyd)"],
            folder: folder.path, name: "systemd", environment: ["PROJECT=\(Project.root)"])
        guard eventually(seconds: 30, { process.hasEnded || isActive }), isActive else {
            let state = try? run("systemctl status policyd").output
            throw Failure("systemd does not start the daemon: \(process.output)\(process.errors)\(state ?? "")")
        }
    }

    deinit {
        // With the first process all others go.
        process.send(SIGKILL)
        _ = process.wait(seconds: 10)
        _ = try? Project.shell(
            "for i in {1..100}; do find \(group.path) -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.05; done")
    }

    private static let unshare = "unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child"

    /// Whether the daemon is at work, as far as systemd knows.
    var isActive: Bool { (try? run("systemctl is-active policyd"))?.output.hasPrefix("active") ?? false }

    /// Runs a command line inside, as root.
    func run(_ line: String) throws -> CommandResult {
        let children = FolderEntry.text("/proc/\(process.pid)/task/\(process.pid)/children") ?? ""
        guard let first = children.split(separator: " ").first else { throw Failure("there is no systemd") }
        return try runCommand(["nsenter", "--target", String(first), "--all", "--root", "--wd", "bash", "-c", "exec 2>&1; \(line)"])
    }

    /// Writes a file inside.
    func write(_ bytes: [UInt8], as path: String) throws {
        let name = path.split(separator: "/").joined(separator: "-")
        let outside = try folder.file(name, bytes: bytes)
        guard try run("cp \(outside) \(path)").status == 0 else { throw Failure("cannot write \(path)") }
    }

    /// What makes a machine of the namespaces: over this one's files a layer to write to, and what a systemd wants to find mounted.
    private static let script = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs "$1" && cd "$1" && mkdir upper work root
        mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root && cd root
        mount -t proc proc proc
        mount -t sysfs sysfs sys
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        mount -t bpf bpf sys/fs/bpf
        mount -t tracefs tracefs sys/kernel/tracing
        mount -t tmpfs tmpfs run
        mount -t tmpfs -o mode=755 tmpfs dev
        for device in null zero full random urandom tty; do
            touch dev/$device && mount --bind /dev/$device dev/$device
        done
        mkdir dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts && ln -s pts/ptmx dev/ptmx
        # Files on another filesystem are no part of the layer below.
        mount --bind "$PROJECT" ".$PROJECT"
        # Nothing of this machine's own is started.
        rm -rf etc/systemd/system/*
        printf '[Unit]\\nDefaultDependencies=no\\nWants=policyd.service\\n' >etc/systemd/system/alone.target
        # The unit hides folders that people's builds lie in.
        mkdir -p usr/local/bin && cp "$2" usr/local/bin/policyd
        sed "s|^ExecStart=[^ ]*|ExecStart=/usr/local/bin/policyd|; s|^Wants=.*|DefaultDependencies=no|" "$PROJECT/systemd/policyd.service" \\
            >etc/systemd/system/policyd.service
        systemd-sysusers --root="$PWD" "$PROJECT/systemd/policyd.sysusers.conf"
        systemd-tmpfiles --root="$PWD" --create "$PROJECT/systemd/policyd.tmpfiles.conf"
        mkdir -p etc/policyd/policies && cp "$PROJECT/config/policyd.yaml" etc/policyd/
        exec chroot . env -i container=other PATH="$PATH" /lib/systemd/systemd --unit=alone.target --log-target=console --show-status=0
        """
}
