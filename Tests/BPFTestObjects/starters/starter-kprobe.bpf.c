// Remembers the last file that a process wanted to unlink, and what came of it.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __u32 pid;
volatile __s32 folder, result;

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(on_unlink, int given) {
    if (bpf_get_current_pid_tgid() >> 32 == pid) folder = given;
    return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(on_unlinked, int returned) {
    if (bpf_get_current_pid_tgid() >> 32 == pid) result = returned;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
