/* Replays a trace under test-run: each run puts the next frame into the packet and goes on with the program under measurement, or
 * with one of the yardsticks it is compared with. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "trace.h"

#define BENCH_ARRAY(name, type_of_value)     \
    struct {                                 \
        __uint(type, BPF_MAP_TYPE_ARRAY);    \
        __uint(map_flags, BPF_F_MMAPABLE);   \
        __uint(max_entries, 1);              \
        __type(key, __u32);                  \
        __type(value, type_of_value);        \
    } name SEC(".maps")

BENCH_ARRAY(bench_trace, struct bench_frame);
BENCH_ARRAY(bench_control, struct bench_control);
BENCH_ARRAY(bench_times, __u64);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} bench_target SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct bench_flow4);
    __type(value, struct bench_state);
} bench_lru4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct bench_flow6);
    __type(value, struct bench_state);
} bench_lru6 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1);
    __type(key, struct bench_prefix4);
    __type(value, __u32);
} bench_lpm4 SEC(".maps");

/* Puts the next frame of the trace into the packet; says which it is, and -1 where something is not as it should be. */
static __attribute__((always_inline)) inline long put_next(struct __sk_buff *skb) {
    __u32 zero = 0, index;
    struct bench_control *control = bpf_map_lookup_elem(&bench_control, &zero);
    struct bench_frame *frame, *packet = (void *)(long)skb->data;
    if (!control || (void *)(packet + 1) > (void *)(long)skb->data_end) return -1;
    index = control->next;
    control->next = index + 1 < control->count ? index + 1 : 0;
    frame = bpf_map_lookup_elem(&bench_trace, &index);
    if (!frame) return -1;
    *packet = *frame;
    skb->cb[0] = (__u32)control->word;
    skb->cb[1] = (__u32)(control->word >> 32);
    return index;
}

SEC("tc") int bench_replay(struct __sk_buff *skb) {
    if (put_next(skb) >= 0) bpf_tail_call(skb, &bench_target, 0);
    return TC_ACT_SHOT;
}

/* A function of its own: the program it goes on with comes back to its caller. */
static __attribute__((noinline)) int judge(struct __sk_buff *skb) {
    bpf_tail_call(skb, &bench_target, 0);
    return TC_ACT_SHOT;
}

/* The same with a clock around each packet. */
SEC("tc") int bench_replay_timed(struct __sk_buff *skb) {
    long index = put_next(skb);
    __u32 place = (__u32)index;
    __u64 start, *took, end;
    int verdict;
    if (index < 0) return TC_ACT_SHOT;
    start = bpf_ktime_get_ns();
    verdict = judge(skb);
    end = bpf_ktime_get_ns();
    took = bpf_map_lookup_elem(&bench_times, &place);
    if (took) *took = end - start;
    return verdict;
}

SEC("tc") int bench_empty(struct __sk_buff *skb) {
    (void)skb;
    return TC_ACT_UNSPEC;
}

/* One look-up in an LRU hash by the packet's flow. */
SEC("tc") int bench_find4(struct __sk_buff *skb) {
    const __u8 *data = (void *)(long)skb->data;
    struct bench_flow4 key = {};
    if (data + 38 > (const __u8 *)(long)skb->data_end) return TC_ACT_SHOT;
    __builtin_memcpy(&key.word[0], data + 26, 8);
    __builtin_memcpy(&key.word[2], data + 34, 4);
    key.word[3] = data[23];
    return bpf_map_lookup_elem(&bench_lru4, &key) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc") int bench_find6(struct __sk_buff *skb) {
    const __u8 *data = (void *)(long)skb->data;
    struct bench_flow6 key = {};
    if (data + 58 > (const __u8 *)(long)skb->data_end) return TC_ACT_SHOT;
    __builtin_memcpy(&key.word[0], data + 22, 32);
    __builtin_memcpy(&key.word[8], data + 54, 4);
    key.word[9] = data[20];
    return bpf_map_lookup_elem(&bench_lru6, &key) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* One look-up of the source in the kernel's own prefix map. */
SEC("tc") int bench_prefix(struct __sk_buff *skb) {
    const __u8 *data = (void *)(long)skb->data;
    struct bench_prefix4 key = {.length = 32};
    if (data + 34 > (const __u8 *)(long)skb->data_end) return TC_ACT_SHOT;
    __builtin_memcpy(&key.address, data + 26, 4);
    return bpf_map_lookup_elem(&bench_lpm4, &key) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
