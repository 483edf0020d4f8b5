// Adds up the first argument of a probe that a program has in itself.
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

volatile __s64 sum;

SEC("usdt")
int BPF_USDT(on_call, int number) {
    sum += number;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
