// Walks the verifier into its limit of a million instructions, with a log far longer than anyone keeps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int bt_endless(struct __sk_buff *skb) {
    __u64 sum = skb->len;
    for (int i = 0; i < 1000000; i++) sum += bpf_ktime_get_ns() & i;
    return sum;
}

char LICENSE[] SEC("license") = "GPL";
