// As the kprobe starter, with the function's own arguments beside its result.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __u32 pid;
volatile __s32 folder, result;

SEC("fexit/do_unlinkat")
int BPF_PROG(on_unlinked, int given, void *name, int returned) {
    if (bpf_get_current_pid_tgid() >> 32 != pid) return 0;
    folder = given;
    result = returned;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
