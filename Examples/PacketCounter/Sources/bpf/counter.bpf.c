// Counts the packets of an interface by protocol, and lets them all pass.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct traffic_kind {
    __u16 ethertype;
    __u16 protocol; // of IP, 0 for all else
};

struct traffic {
    __u64 packets;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 1024);
    __type(key, struct traffic_kind);
    __type(value, struct traffic);
} traffic SEC(".maps");

SEC("xdp")
int count(struct xdp_md *context) {
    void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct ethhdr *ethernet = data;
    struct traffic_kind kind = {};
    struct traffic *sum, first = {.packets = 1, .bytes = end - data};

    if ((void *)(ethernet + 1) > end) return XDP_PASS;
    kind.ethertype = bpf_ntohs(ethernet->h_proto);
    if (kind.ethertype == ETH_P_IP) {
        struct iphdr *ip = (void *)(ethernet + 1);
        if ((void *)(ip + 1) <= end) kind.protocol = ip->protocol;
    } else if (kind.ethertype == ETH_P_IPV6) {
        struct ipv6hdr *ip = (void *)(ethernet + 1);
        if ((void *)(ip + 1) <= end) kind.protocol = ip->nexthdr;
    }
    sum = bpf_map_lookup_elem(&traffic, &kind);
    if (sum) {
        sum->packets += first.packets;
        sum->bytes += first.bytes;
    } else {
        bpf_map_update_elem(&traffic, &kind, &first, BPF_ANY);
    }
    return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
