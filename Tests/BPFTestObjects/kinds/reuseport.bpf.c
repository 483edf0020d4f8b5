// Chooses the socket of a reuse-port group.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hits.h"

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u64);
} bt_group SEC(".maps");

volatile __u32 bt_chosen;

SEC("sk_reuseport")
int bt_reuseport(struct sk_reuseport_md *context) {
    __u32 index = bt_chosen;
    hit(0, context->len);
    // Where it finds none, the kernel chooses.
    bpf_sk_select_reuseport(context, &bt_group, &index, 0);
    return SK_PASS;
}

SEC("sk_reuseport")
int bt_refuse(struct sk_reuseport_md *context) {
    hit(1, context->len);
    return SK_DROP;
}

char LICENSE[] SEC("license") = "GPL";
