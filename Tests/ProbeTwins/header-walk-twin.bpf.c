// The datapath's header walk by itself, in its three steps as the datapath takes them.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "../../bpf/include/policyd/packet.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pd_packet);
} walked SEC(".maps");

static __attribute__((always_inline)) inline struct pd_packet *walked_packet(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&walked, &zero);
}

static __attribute__((always_inline)) inline struct pd_bytes bytes_of(struct __sk_buff *skb) {
    return (struct pd_bytes){(const __u8 *)(long)skb->data, (const __u8 *)(long)skb->data_end, skb->len};
}

__attribute__((noinline)) int network(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_packet *packet = walked_packet();
    if (!packet) return PD_REASON_INTERNAL;
    __builtin_memset(packet, 0, sizeof(*packet));
    return pd_walk_network(&bytes, PD_LINK_ETHERNET, packet);
}

__attribute__((noinline)) int extensions(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_packet *packet = walked_packet();
    return packet ? pd_walk_extensions(&bytes, packet) : PD_REASON_INTERNAL;
}

__attribute__((noinline)) int transport(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_packet *packet = walked_packet();
    return packet ? pd_walk_transport(&bytes, packet) : PD_REASON_INTERNAL;
}

SEC("tc")
int header_walk(struct __sk_buff *skb) {
    struct pd_packet *packet = walked_packet();
    int reason = network(skb);
    if (reason == PD_WALK_OK && packet && packet->family == PD_IPV6) reason = extensions(skb);
    return reason == PD_WALK_OK ? transport(skb) : reason;
}

char LICENSE[] SEC("license") = "GPL";
