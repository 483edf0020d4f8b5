// Two witnesses at an interface: one before the programs under test and one behind them. Each sets a bit for every numbered datagram
// that comes by. What has only the first bit was dropped in between.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "fates.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} bt_arrived SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} bt_passed SEC(".maps");

// One more than the number that arrived last.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} bt_latest SEC(".maps");

// How many words of bits there are: an object serves one interface and the one sender behind it.
volatile const __u32 words = 64;

// The datagram's number; below 0 for anything else.
static __attribute__((always_inline)) __s64 number_of(struct __sk_buff *skb) {
    __u32 at = skb->protocol == bpf_htons(0x86dd) ? 62 : 42, payload[2];

    if (bpf_skb_load_bytes(skb, at, payload, sizeof(payload)) || payload[0] != BT_NUMBERED) return -1;
    return payload[1];
}

static __attribute__((always_inline)) void note(__u64 *word, __u32 number) {
    // One processor sends and judges a sender's datagrams, so nobody else writes this word.
    if (word) *word |= 1ull << (number & 63);
}

SEC("tc") int bt_before(struct __sk_buff *skb) {
    __s64 number = number_of(skb);
    __u32 place, zero = 0;
    __u64 *latest;

    if (number < 0 || number >> 6 >= words) return TC_ACT_UNSPEC;
    place = (__u32)(number >> 6);
    note(bpf_map_lookup_elem(&bt_arrived, &place), (__u32)number);
    latest = bpf_map_lookup_elem(&bt_latest, &zero);
    if (latest) *(volatile __u64 *)latest = (__u64)number + 1;
    return TC_ACT_UNSPEC;
}

SEC("tc") int bt_behind(struct __sk_buff *skb) {
    __s64 number = number_of(skb);
    __u32 place;

    if (number < 0 || number >> 6 >= words) return TC_ACT_UNSPEC;
    place = (__u32)(number >> 6);
    note(bpf_map_lookup_elem(&bt_passed, &place), (__u32)number);
    // Nobody waits for it: the host is spared the rest of its way.
    return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
