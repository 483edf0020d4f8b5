// Programs at kernel functions with typed arguments, and at a hook of the security modules.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

const volatile __u32 bt_pid;

static __always_inline int is_ours(void) { return bpf_get_current_pid_tgid() >> 32 == bt_pid; }

SEC("fentry/do_unlinkat")
int BPF_PROG(bt_fentry, int folder) {
    if (is_ours()) hit(0, bpf_get_attach_cookie(ctx) << 32 | (__u32)folder);
    return 0;
}

SEC("fexit/do_unlinkat")
int BPF_PROG(bt_fexit, int folder, void *name, int result) {
    if (is_ours()) hit(1, (__u32)result);
    return 0;
}

// Both answer in the kernel's place: the test's folders are neither made nor removed.
SEC("fmod_ret/security_inode_mkdir")
int BPF_PROG(bt_fmod_ret, void *folder, void *entry, int mode, int result) {
    if (!is_ours()) return result;
    hit(2, mode);
    return -28;  // ENOSPC, which no security module says
}

SEC("lsm/inode_rmdir")
int BPF_PROG(bt_lsm, void *folder, void *entry) {
    if (!is_ours()) return 0;
    hit(3, 1);
    return -28;
}

char LICENSE[] SEC("license") = "GPL";
