// Writes as many records as the packet's mark says, at most 512, into a ring buffer and a perf buffer.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} bt_ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} bt_ring_lost SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
} bt_perf SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} bt_perf_lost SEC(".maps");

volatile __u64 bt_sequence;

SEC("tc")
int bt_write_ring(struct __sk_buff *skb) {
    __u32 zero = 0;
    for (__u32 i = 0; i < 512; i++) {
        if (i >= skb->mark) break;
        __u64 sequence = __sync_fetch_and_add(&bt_sequence, 1);
        struct bt_record *record = bpf_ringbuf_reserve(&bt_ring, sizeof *record, 0);
        if (!record) {
            __u64 *lost = bpf_map_lookup_elem(&bt_ring_lost, &zero);
            if (lost) __sync_fetch_and_add(lost, 1);
            continue;
        }
        record->sequence = sequence;
        record->source = skb->priority;
        record->padding = 0;
        bpf_ringbuf_submit(record, 0);
    }
    return 0;
}

SEC("tc")
int bt_write_perf(struct __sk_buff *skb) {
    __u32 zero = 0;
    for (__u32 i = 0; i < 512; i++) {
        if (i >= skb->mark) break;
        struct bt_record record = {.sequence = __sync_fetch_and_add(&bt_sequence, 1), .source = skb->priority};
        if (bpf_perf_event_output(skb, &bt_perf, BPF_F_CURRENT_CPU, &record, sizeof record) == 0) continue;
        __u64 *lost = bpf_map_lookup_elem(&bt_perf_lost, &zero);
        if (lost) __sync_fetch_and_add(lost, 1);
    }
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
