// Programs at sockets, at sockets of a map and at network namespaces.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "hits.h"

struct {
    __uint(type, BPF_MAP_TYPE_SOCKMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u64);
} bt_sockets SEC(".maps");

// What a datagram socket receives, cut after the header and five bytes.
SEC("socket")
int bt_filter(struct __sk_buff *skb) {
    hit(0, skb->len);
    return 8 + 5;
}

// Of what an interface sees, only counts.
SEC("socket")
int bt_packets(struct __sk_buff *skb) {
    if (skb->protocol == bpf_htons(0x88b5)) hit(1, skb->ifindex);
    return 0;
}

// Sends connections to port 7007 to the socket that listens elsewhere.
SEC("sk_lookup")
int bt_lookup(struct bpf_sk_lookup *context) {
    struct bpf_sock *socket;
    __u32 zero = 0;
    long result;

    if (context->local_port != 7007) return SK_PASS;
    hit(2, context->local_port);
    socket = bpf_map_lookup_elem(&bt_sockets, &zero);
    if (!socket) return SK_DROP;
    result = bpf_sk_assign(context, socket, 0);
    bpf_sk_release(socket);
    return result ? SK_DROP : SK_PASS;
}

SEC("sk_msg")
int bt_message(struct sk_msg_md *context) {
    hit(3, context->size);
    return SK_PASS;
}

// Messages of four bytes.
SEC("sk_skb/stream_parser")
int bt_parser(struct __sk_buff *skb) {
    hit(4, skb->len);
    return 4;
}

SEC("sk_skb/stream_verdict")
int bt_stream_verdict(struct __sk_buff *skb) {
    hit(5, skb->len);
    return SK_PASS;
}

SEC("sk_skb")
int bt_verdict(struct __sk_buff *skb) {
    hit(6, skb->len);
    return SK_DROP;
}

SEC("flow_dissector")
int bt_dissector(struct __sk_buff *skb) {
    hit(7, bpf_ntohs(skb->flow_keys->n_proto));
    return BPF_OK;
}

char LICENSE[] SEC("license") = "GPL";
