/* Writes a record of 64 bytes, each with its number, wherever it runs: under test-run, and at a system call. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 22);
} bench_ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
} bench_perf SEC(".maps");

#define BENCH_LOST(name)                       \
    struct {                                   \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
        __uint(max_entries, 1);                \
        __type(key, __u32);                    \
        __type(value, __u64);                  \
    } name SEC(".maps")

BENCH_LOST(bench_ring_lost);
BENCH_LOST(bench_perf_lost);

const volatile __u32 bench_pid;
volatile __u64 bench_sequence;

static __attribute__((always_inline)) inline void fill(struct bench_record *record) {
    record->time = bpf_ktime_get_ns();
    record->sequence = bench_sequence++;
    record->pid = 0;
    record->argument = 0;
    __builtin_memset(record->command, 0, sizeof record->command);
    __builtin_memset(record->rest, 0, sizeof record->rest);
}

static __attribute__((always_inline)) inline void lose(void *counter) {
    __u32 zero = 0;
    __u64 *lost = bpf_map_lookup_elem(counter, &zero);
    if (lost) *lost += 1;
}

SEC("tc") int bench_to_ring(struct __sk_buff *skb) {
    struct bench_record *record = bpf_ringbuf_reserve(&bench_ring, sizeof *record, 0);
    if (!record) {
        bench_sequence += skb->len > 0;
        lose(&bench_ring_lost);
        return 0;
    }
    fill(record);
    bpf_ringbuf_submit(record, 0);
    return 0;
}

SEC("tc") int bench_to_perf(struct __sk_buff *skb) {
    struct bench_record record;
    fill(&record);
    if (bpf_perf_event_output(skb, &bench_perf, BPF_F_CURRENT_CPU, &record, sizeof record)) lose(&bench_perf_lost);
    return 0;
}

/* What bpftrace is told to print, as records. */
struct bench_getpgid {
    __u64 common;
    __s64 number;
    __u64 pid;
};

SEC("tracepoint/syscalls/sys_enter_getpgid") int bench_at_getpgid(struct bench_getpgid *call) {
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (pid != bench_pid) return 0;
    struct bench_record *record = bpf_ringbuf_reserve(&bench_ring, sizeof *record, 0);
    if (!record) {
        lose(&bench_ring_lost);
        return 0;
    }
    fill(record);
    record->pid = pid;
    record->argument = call->pid;
    bpf_get_current_comm(record->command, sizeof record->command);
    bpf_ringbuf_submit(record, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
