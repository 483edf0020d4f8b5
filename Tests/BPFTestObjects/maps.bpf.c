// One map of each kind, and a tc program that uses them all.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, struct bt_key);
    __type(value, struct bt_value);
} bt_hash SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, struct bt_padded);
    __type(value, __u32);
} bt_padded_keys SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 128);
    __type(key, __u32);
    __type(value, __u64);
} bt_lru SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, __u64);
} bt_array SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
} bt_percpu SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 64);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct bt_prefix);
    __type(value, __u32);
} bt_prefixes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 300);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct bt_shared);
} bt_mapped SEC(".maps");

struct bt_inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct bt_inner);
} bt_outer SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
} bt_tails SEC(".maps");

const volatile __u32 bt_threshold = 7;
volatile __u64 bt_runs;
volatile __u32 bt_mode = 3;

// Looks an address in mark up in the trie, and returns the trie's value plus what the memory-mapped array and the inner map say.
SEC("tc")
int bt_use_maps(struct __sk_buff *skb) {
    __u32 zero = 0;
    bt_runs++;
    __u64 *count = bpf_map_lookup_elem(&bt_array, &zero);
    if (count) __sync_fetch_and_add(count, 1);
    __u32 *own = bpf_map_lookup_elem(&bt_percpu, &zero);
    if (own) *own += 1;

    struct bt_key key = {.address = skb->mark, .port = 443, .protocol = 6};
    struct bt_value *value = bpf_map_lookup_elem(&bt_hash, &key);
    if (value) {
        value->packets++;
        value->bytes += skb->len;
    }
    __u64 one = 1;
    __u32 mark = skb->mark;
    bpf_map_update_elem(&bt_lru, &mark, &one, BPF_ANY);

    int result = 0;
    struct bt_prefix prefix = {.length = 32};
    __builtin_memcpy(prefix.address, &mark, 4);
    __u32 *found = bpf_map_lookup_elem(&bt_prefixes, &prefix);
    if (found) result += *found;

    struct bt_shared *shared = bpf_map_lookup_elem(&bt_mapped, &zero);
    if (shared) {
        shared->seen = shared->generation;
        result += shared->values[0];
    }
    __u32 index = skb->priority;
    void *inner = bpf_map_lookup_elem(&bt_outer, &index);
    if (inner) {
        __u32 *entry = bpf_map_lookup_elem(inner, &zero);
        if (entry) result += *entry;
    }
    return result;
}

SEC("tc")
int bt_globals(struct __sk_buff *skb) { return skb->len ? bt_threshold * 1000 + bt_mode : 0; }

SEC("tc")
int bt_dispatch(struct __sk_buff *skb) {
    bpf_tail_call(skb, &bt_tails, skb->mark);
    return 99;
}

// Leaves traces in the packet and its context, for the test of test-run.
SEC("tc")
int bt_touch(struct __sk_buff *skb) {
    skb->mark += 1;
    skb->cb[0] = skb->len;
    skb->cb[4] = skb->ifindex;
    __u8 byte = 0xee;
    bpf_skb_store_bytes(skb, 0, &byte, 1, 0);
    return 5;
}

char LICENSE[] SEC("license") = "GPL";
