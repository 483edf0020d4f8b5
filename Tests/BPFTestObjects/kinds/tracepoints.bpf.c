// A program of each kind of tracepoint, clock and probe of user code; they count what the process under test does.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

const volatile __u32 bt_pid;

static __always_inline int is_ours(void) { return bpf_get_current_pid_tgid() >> 32 == bt_pid; }

// The cookie and the flags that only the test gives to unlinkat(2), as one number.
static __always_inline void note(__u32 index, __u64 cookie, __u64 flags) {
    if (is_ours() && (flags & 0xffff) == 0x5a5a) hit(index, cookie << 32 | (flags & 0xffff));
}

struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("tp/syscalls/sys_enter_unlinkat")
int bt_tracepoint(struct sys_enter *context) {
    note(0, bpf_get_attach_cookie(context), context->arguments[2]);
    return 0;
}

// The arguments: the registers and the number of the system call. 263 is unlinkat on x86-64, 35 on arm64.
SEC("raw_tp/sys_enter")
int bt_raw_tracepoint(struct bpf_raw_tracepoint_args *context) {
    if (is_ours() && (context->args[1] == 263 || context->args[1] == 35)) hit(1, context->args[1]);
    return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(bt_btf_tracepoint, struct pt_regs *registers, long number) {
    if (is_ours() && (number == 263 || number == 35)) hit(2, number);
    return 0;
}

SEC("perf_event")
int bt_clock(struct bpf_perf_event_data *context) {
    if (is_ours()) hit(3, bpf_get_attach_cookie(context));
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(bt_uprobe, int number) {
    if (is_ours() && number == 0x765) hit(4, bpf_get_attach_cookie(ctx) << 32 | (__u32)number);
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(bt_uretprobe, int result) {
    if (is_ours()) hit(5, bpf_get_attach_cookie(ctx) << 32 | (__u32)result);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
