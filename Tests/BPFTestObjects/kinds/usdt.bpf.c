// Counts the probe that the test program has in itself, with its arguments.
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include "hits.h"

const volatile __u32 bt_pid;

static __always_inline int note(struct pt_regs *context) {
    long number = 0, constant = 0;

    if (bpf_get_current_pid_tgid() >> 32 != bt_pid) return 0;
    bpf_usdt_arg(context, 0, &number);
    bpf_usdt_arg(context, 1, &constant);
    hit(0, (__u64)bpf_usdt_cookie(context) << 32 | (__u64)constant << 16 | (number & 0xffff));
    return 0;
}

SEC("usdt")
int bt_usdt(struct pt_regs *context) { return note(context); }

char LICENSE[] SEC("license") = "GPL";
