// Sees a function's argument and its result.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

volatile __s32 argument, result;

SEC("uprobe/libc.so.6:getpgid")
int BPF_KPROBE(on_call, int given) {
    argument = given;
    return 0;
}

SEC("uretprobe/libc.so.6:getpgid")
int BPF_KRETPROBE(on_return, int returned) {
    result = returned;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
