#pragma once
// How often each program of an object ran for the process under test, and what it saw last.
#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bt_hit {
    __u64 count;
    __u64 value;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 32);
    __type(key, __u32);
    __type(value, struct bt_hit);
} bt_hits SEC(".maps");

static __always_inline void hit(__u32 index, __u64 value) {
    struct bt_hit *found = bpf_map_lookup_elem(&bt_hits, &index);
    if (!found) return;
    found->value = value;
    __sync_fetch_and_add(&found->count, 1);
}
#else
#include <linux/types.h>

struct bt_hit {
    __u64 count;
    __u64 value;
};
#endif
