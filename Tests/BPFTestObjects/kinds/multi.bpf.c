// Programs at many kernel functions by one link. Each function's cookie says where it counts.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

const volatile __u32 bt_pid;

SEC("kprobe.multi")
int bt_multi(struct pt_regs *context) {
    if (bpf_get_current_pid_tgid() >> 32 == bt_pid) hit(bpf_get_attach_cookie(context) & 7, bpf_get_func_ip(context));
    return 0;
}

SEC("kretprobe.multi")
int bt_multi_return(struct pt_regs *context) {
    if (bpf_get_current_pid_tgid() >> 32 == bt_pid) hit(8 + (bpf_get_attach_cookie(context) & 7), PT_REGS_RC(context));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
