"""Finds out by trial what this machine lacks for eBPF and namespaces of one's own. Prints a line for each thing missing and ends with 1.

With --programs it lists instead the eBPF programs in the kernel whose names begin with policyd_ or bt_: "number name". With --pinned FOLDER
it lists those that are pinned below a folder.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
BPF = {"x86_64": 321, "aarch64": 280}.get(platform.machine())
MAP_CREATE, PROG_LOAD, OBJ_GET, PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD = 0, 5, 7, 11, 13, 15
CLONE_NEWNS, CLONE_NEWNET, MS_PRIVATE_RECURSIVE = 0x20000, 0x40000000, 0x44000
PREFIXES = ("policyd_", "bt_")


def bpf(command, attributes):
    """The bpf() call; a descriptor or zero, or -errno."""
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    result = libc.syscall(BPF, command, buffer, 128)
    return (result if result >= 0 else -ctypes.get_errno()), buffer.raw


def why(code):
    if code == errno.EPERM:
        return "not permitted (a container without CAP_BPF or behind a seccomp filter, or kernel lockdown)"
    if code == errno.ENOSYS:
        return "this kernel has no eBPF (CONFIG_BPF_SYSCALL)"
    return os.strerror(code)


def problems():
    if BPF is None:
        yield f"a processor of a kind policyd knows (x86-64 or arm64; this is {platform.machine()})"
        return
    result, _ = bpf(MAP_CREATE, struct.pack("<IIII", 2, 4, 8, 1))
    if result < 0:
        yield f"eBPF maps: {why(-result)}"
    else:
        os.close(result)
    code = ctypes.create_string_buffer(bytes.fromhex("b700000000000000" "9500000000000000"))  # r0 = 0; exit
    license = ctypes.create_string_buffer(b"GPL")
    sched_cls = struct.pack("<IIQQ", 3, 2, ctypes.addressof(code), ctypes.addressof(license))
    result, _ = bpf(PROG_LOAD, sched_cls)
    if result < 0:
        yield f"eBPF programs on interfaces (tc classifiers): {why(-result)}"
    else:
        os.close(result)
    # In a child, because these change the process.
    pipe_out, pipe_in = os.pipe()
    if os.fork() == 0:
        lines = []
        if libc.unshare(CLONE_NEWNET) != 0:
            lines.append(f"network namespaces of one's own: {why(ctypes.get_errno())}")
        if libc.unshare(CLONE_NEWNS) != 0:
            lines.append(f"a mount namespace of one's own: {why(ctypes.get_errno())}")
        else:
            libc.mount(None, b"/", None, MS_PRIVATE_RECURSIVE, None)
            folder = tempfile.mkdtemp()
            if libc.mount(b"bpf", folder.encode(), b"bpf", 0, None) != 0:
                lines.append(f"a bpf filesystem (mount -t bpf): {why(ctypes.get_errno())}")
            else:
                libc.umount(folder.encode())
            os.rmdir(folder)
        os.write(pipe_in, "\n".join(lines).encode())
        os._exit(0)
    os.close(pipe_in)
    text = os.read(pipe_out, 65536).decode()
    os.wait()
    yield from text.splitlines()


def show(descriptor, prefixes):
    info = ctypes.create_string_buffer(256)
    bpf(OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", descriptor, 256, ctypes.addressof(info)))
    # struct bpf_prog_info: type, id, tag[8], two lengths, two pointers, load time, uid, map count, map ids, name[16]
    name = info.raw[64:80].split(b"\0")[0].decode(errors="replace")
    if name.startswith(prefixes):
        print(struct.unpack_from("<I", info.raw, 4)[0], name)


def pinned(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            path = ctypes.create_string_buffer(os.path.join(place, name).encode())
            descriptor, _ = bpf(OBJ_GET, struct.pack("<QII", ctypes.addressof(path), 0, 0))
            if descriptor < 0:
                continue
            if os.readlink(f"/proc/self/fd/{descriptor}") == "anon_inode:bpf-prog":
                show(descriptor, "")
            os.close(descriptor)


def programs():
    number = 0
    while True:
        result, out = bpf(PROG_GET_NEXT_ID, struct.pack("<I", number))
        if result < 0:
            return
        number = struct.unpack_from("<I", out, 4)[0]
        descriptor, _ = bpf(PROG_GET_FD_BY_ID, struct.pack("<I", number))
        if descriptor < 0:
            continue
        show(descriptor, PREFIXES)
        os.close(descriptor)


if sys.argv[1:] == ["--programs"]:
    programs()
elif sys.argv[1:2] == ["--pinned"]:
    pinned(sys.argv[2])
else:
    found = list(problems())
    print("\n".join(found))
    sys.exit(1 if found else 0)
