// Two programs with a function that another program may take the place of.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int bt_choose(struct xdp_md *context) {
    volatile int verdict = XDP_DROP;
    return verdict;
}

SEC("xdp")
int bt_first(struct xdp_md *context) { return bt_choose(context); }

SEC("xdp")
int bt_second(struct xdp_md *context) { return bt_choose(context); }

char LICENSE[] SEC("license") = "GPL";
