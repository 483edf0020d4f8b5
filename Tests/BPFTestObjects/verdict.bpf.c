// tc programs with fixed verdicts, which count the UDP packets they see to the test's port.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u64);
} bt_counts SEC(".maps");

static __always_inline int is_ours(struct __sk_buff *skb) {
    void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    struct ethhdr *ethernet = data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) > end) return 0;
    return ethernet->h_proto == bpf_htons(ETH_P_IP) && ip->protocol == IPPROTO_UDP && udp->dest == bpf_htons(7777);
}

static __always_inline void count(__u32 index) {
    __u64 *value = bpf_map_lookup_elem(&bt_counts, &index);
    if (value) __sync_fetch_and_add(value, 1);
}

SEC("tc")
int bt_pass(struct __sk_buff *skb) {
    if (is_ours(skb)) count(0);
    return TC_ACT_OK;
}

SEC("tc")
int bt_drop(struct __sk_buff *skb) {
    if (!is_ours(skb)) return TC_ACT_OK;
    count(1);
    return TC_ACT_SHOT;
}

SEC("tc")
int bt_next(struct __sk_buff *skb) {
    if (is_ours(skb)) count(2);
    return TC_ACT_UNSPEC;
}

SEC("xdp")
int bt_xdp_pass(struct xdp_md *xdp) {
    (void)xdp;
    return XDP_PASS;
}

SEC("xdp")
int bt_xdp_drop(struct xdp_md *xdp) {
    void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
    struct ethhdr *ethernet = data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP) return XDP_PASS;
    return udp->dest == bpf_htons(7777) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
