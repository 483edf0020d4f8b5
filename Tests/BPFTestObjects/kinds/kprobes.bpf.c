// Programs at kernel functions and system calls.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#define __VMLINUX_H__ // the kernel's own registers, which a system call's wrapper is handed
#include <bpf/bpf_tracing.h>
#include "hits.h"

// Where these lie is found when the object is loaded.
struct pt_regs {
#ifdef __TARGET_ARCH_x86
    unsigned long di, si, dx, r10, ax;
#else
    unsigned long long regs[31];
#endif
} __attribute__((preserve_access_index));

#ifndef __TARGET_ARCH_x86
struct user_pt_regs {
    unsigned long long regs[31];
} __attribute__((preserve_access_index));
#endif

const volatile __u32 bt_pid;

static __always_inline int is_ours(void) { return bpf_get_current_pid_tgid() >> 32 == bt_pid; }

SEC("kprobe")
int BPF_KPROBE(bt_kprobe, int folder) {
    if (is_ours()) hit(0, bpf_get_attach_cookie(ctx) << 32 | (__u32)folder);
    return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(bt_kretprobe, int result) {
    if (is_ours()) hit(1, (__u32)result);
    return 0;
}

SEC("ksyscall/unlinkat")
int BPF_KSYSCALL(bt_ksyscall, int folder, const char *name, int flags) {
    if (is_ours()) hit(2, (__u64)flags << 32 | (__u32)folder);
    return 0;
}

SEC("kretsyscall/unlinkat")
int BPF_KRETPROBE(bt_kretsyscall, int result) {
    if (is_ours()) hit(3, (__u32)result);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
