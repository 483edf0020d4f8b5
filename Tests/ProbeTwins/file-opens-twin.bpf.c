// Files opened: who, which, how, and what came of it.
//
// The tracepoints of the system calls are on every kernel. Where there are kprobes, do_sys_openat2 also catches what has no traced system
// call, 32-bit programs' above all; what a tracepoint has seen already, the kprobe leaves alone.
#include "../../bpf/probes/probe.h"
#include "file-opens.h"

PROBE_EVENTS(struct file_open_event, 1 << 20);

/* The process to report; 0 for all. */
const volatile __u32 only_pid = 0;
/* Whether to report only what could not be opened. */
const volatile bool only_failed = false;

struct opening {
    __u64 began;
    const char *path;
    __s32 directory;
    __u32 flags;
    __u32 mode;
    bool by_kprobe;
};

/* By thread. One that is killed before its call returns leaves its entry, so the oldest give way. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, struct opening);
} openings SEC(".maps");

/* The layout of a system call's tracepoints. */
struct enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};
struct leave {
    __u64 common;
    long number;
    long result;
};
struct open_how {
    __u64 flags;
    __u64 mode;
};

PROBE_INLINE int begin(__s32 directory, const char *path, __u32 flags, __u32 mode, bool by_kprobe) {
    struct opening opening = {
        .began = bpf_ktime_get_boot_ns(), .path = path, .directory = directory, .flags = flags, .mode = mode, .by_kprobe = by_kprobe};
    __u64 thread = bpf_get_current_pid_tgid();
    struct opening *known;

    if (only_pid && thread >> 32 != only_pid) return 0;
    known = by_kprobe ? bpf_map_lookup_elem(&openings, &thread) : NULL;
    // What a tracepoint has seen begin, it will see end.
    if (known && !known->by_kprobe && known->path == path) return 0;
    bpf_map_update_elem(&openings, &thread, &opening, BPF_ANY);
    return 0;
}

PROBE_INLINE int end(__s64 result, bool by_kprobe) {
    __u64 thread = bpf_get_current_pid_tgid();
    struct opening *opening = bpf_map_lookup_elem(&openings, &thread);
    struct file_open_event *event;
    long length;

    if (!opening || opening->by_kprobe != by_kprobe) return 0;
    if (only_failed && result >= 0) goto out;
    event = PROBE_RESERVE(struct file_open_event);
    if (!event) goto out;
    event->time = bpf_ktime_get_boot_ns();
    event->duration_ns = event->time - opening->began;
    event->pid = thread >> 32;
    event->tid = (__u32)thread;
    event->uid = (__u32)bpf_get_current_uid_gid();
    event->result = result;
    event->directory = opening->directory;
    event->flags = opening->flags;
    event->mode = opening->mode;
    event->by_kprobe = by_kprobe;
    __builtin_memset(event->padding, 0, sizeof(event->padding));
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    __builtin_memset(event->path, 0, sizeof(event->path));
    // Read only now: before the call the page that holds the path may not have been in memory.
    length = bpf_probe_read_user_str(event->path, sizeof(event->path), opening->path);
    event->truncated = length == sizeof(event->path);
    bpf_ringbuf_submit(event, 0);
out:
    bpf_map_delete_elem(&openings, &thread);
    return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int openat_enter(struct enter *context) {
    return begin(context->arguments[0], (void *)context->arguments[1], context->arguments[2], context->arguments[3], false);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int openat_exit(struct leave *context) { return end(context->result, false); }

SEC("tracepoint/syscalls/sys_enter_openat2")
int openat2_enter(struct enter *context) {
    struct open_how how = {};

    bpf_probe_read_user(&how, sizeof(how), (void *)context->arguments[2]);
    return begin(context->arguments[0], (void *)context->arguments[1], how.flags, how.mode, false);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int openat2_exit(struct leave *context) { return end(context->result, false); }

// Not on arm64, which has openat alone.
SEC("tracepoint/syscalls/sys_enter_open")
int open_enter(struct enter *context) {
    return begin(-100, (void *)context->arguments[0], context->arguments[1], context->arguments[2], false);
}

SEC("tracepoint/syscalls/sys_exit_open")
int open_exit(struct leave *context) { return end(context->result, false); }

SEC("kprobe/do_sys_openat2")
int openat2_begin(struct pt_regs *context) {
    struct open_how how = {};

    bpf_probe_read_kernel(&how, sizeof(how), (void *)PT_REGS_PARM3(context));
    return begin(PT_REGS_PARM1(context), (void *)PT_REGS_PARM2(context), how.flags, how.mode, true);
}

SEC("kretprobe/do_sys_openat2")
int openat2_end(struct pt_regs *context) { return end((__s32)PT_REGS_RC(context), true); }
