// Tracing programs that report one process's calls through a perf buffer.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
} bt_events SEC(".maps");

const volatile __u32 bt_pid;

static __always_inline int report(void *context, __u32 kind, __u64 argument) {
    struct bt_event event = {.pid = bpf_get_current_pid_tgid() >> 32, .kind = kind, .argument = argument};
    if (event.pid != bt_pid) return 0;
    bpf_get_current_comm(event.command, sizeof event.command);
    bpf_perf_event_output(context, &bt_events, BPF_F_CURRENT_CPU, &event, sizeof event);
    return 0;
}

// The layout of a system call tracepoint: common fields, number, arguments.
struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("tp/syscalls/sys_enter_unlinkat")
int bt_tracepoint(struct sys_enter *context) { return report(context, 1, context->arguments[2]); }

SEC("kprobe/do_unlinkat")
int bt_kprobe(struct pt_regs *context) { return report(context, 2, (__u32)PT_REGS_PARM1(context)); }

SEC("kretprobe/do_unlinkat")
int bt_kretprobe(struct pt_regs *context) { return report(context, 3, PT_REGS_RC(context)); }

SEC("uprobe")
int bt_uprobe(struct pt_regs *context) { return report(context, 4, PT_REGS_PARM1(context)); }

SEC("uretprobe")
int bt_uretprobe(struct pt_regs *context) { return report(context, 5, PT_REGS_RC(context)); }

char LICENSE[] SEC("license") = "GPL";
