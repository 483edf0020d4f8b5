// Reports each file that a process opens.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct open_event {
    __u64 time; // nanoseconds since the machine started
    __u32 pid;
    __u32 flags;
    char comm[16];
    char path[128];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
    __type(value, struct open_event); // for the library: the kernel knows nothing of it
} opens SEC(".maps");

// How many records found no room.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} opens_lost SEC(".maps");

// 0: of every process.
const volatile __u32 only_pid;

// What a system call's tracepoint gives: /sys/kernel/tracing/events/syscalls/sys_enter_openat/format
struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(struct sys_enter *context) {
    __u32 pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
    struct open_event *event;

    if (only_pid && pid != only_pid) return 0;
    event = bpf_ringbuf_reserve(&opens, sizeof *event, 0);
    if (!event) {
        __u64 *lost = bpf_map_lookup_elem(&opens_lost, &zero);
        if (lost) ++*lost;
        return 0;
    }
    event->time = bpf_ktime_get_boot_ns();
    event->pid = pid;
    event->flags = context->arguments[2];
    bpf_get_current_comm(event->comm, sizeof event->comm);
    if (bpf_probe_read_user_str(event->path, sizeof event->path, (void *)context->arguments[1]) < 0) event->path[0] = 0;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
