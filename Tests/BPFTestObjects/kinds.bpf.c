// Maps that are no tables of keys and values, each used by a program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 4);
    __type(value, struct bt_value);
} bt_queue SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK);
    __uint(max_entries, 4);
    __type(value, __u32);
} bt_stack SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 100);
    __type(value, __u32);
} bt_bloom SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct bpf_devmap_val);
} bt_devices SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
} bt_device_hash SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_CPUMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct bpf_cpumap_val);
} bt_cpus SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} bt_xdp_sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_SOCKMAP);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u64);
} bt_sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_SOCKHASH);
    __uint(max_entries, 4);
    __type(key, struct bt_key);
    __type(value, __u64);
} bt_socket_hash SEC(".maps");

// Moves what it pops from the queue to the stack; a packet whose mark is in the bloom filter is dropped.
SEC("tc")
int bt_use_kinds(struct __sk_buff *skb) {
    __u32 mark = skb->mark;
    struct bt_value value;
    if (bpf_map_pop_elem(&bt_queue, &value) == 0) {
        __u32 packets = value.packets;
        bpf_map_push_elem(&bt_stack, &packets, BPF_EXIST);
    }
    return bpf_map_peek_elem(&bt_bloom, &mark) == 0 ? 2 : 0;
}

// The first byte of the frame chooses the map, the second the key.
SEC("xdp")
int bt_redirect(struct xdp_md *ctx) {
    __u8 *data = (void *)(long)ctx->data;
    if (data + 2 > (__u8 *)(long)ctx->data_end) return XDP_ABORTED;
    switch (data[0]) {
    case 1: return bpf_redirect_map(&bt_devices, data[1], XDP_PASS);
    case 2: return bpf_redirect_map(&bt_device_hash, data[1], XDP_PASS);
    case 3: return bpf_redirect_map(&bt_cpus, data[1], XDP_PASS);
    case 4: return bpf_redirect_map(&bt_xdp_sockets, data[1], XDP_PASS);
    default: return XDP_DROP;
    }
}

SEC("xdp/devmap")
int bt_at_device(struct xdp_md *ctx) { return ctx->data_end > ctx->data ? XDP_PASS : XDP_DROP; }

SEC("xdp/cpumap")
int bt_at_cpu(struct xdp_md *ctx) { return ctx->data_end > ctx->data ? XDP_PASS : XDP_DROP; }

char LICENSE[] SEC("license") = "GPL";
