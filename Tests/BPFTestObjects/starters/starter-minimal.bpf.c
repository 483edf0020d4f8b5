// Counts the calls of one process.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 pid;
volatile __u64 calls;

SEC("tp/syscalls/sys_enter_unlinkat")
int count_calls(void *context) {
    if (bpf_get_current_pid_tgid() >> 32 == pid) calls++;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
