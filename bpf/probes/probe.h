/* What the bundled probes have in common: the ring their records go out by, and the counting of those that found no room in it. */
#pragma once
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "include/record.h"
#include "kernel.h"

#define PROBE_INLINE static __attribute__((always_inline)) inline

/* The ring `events` of records of one type, and in element 0 of `events_lost` how many found no room: produced = delivered + lost. The
 * pointer is never used: it has the compiler describe the record in the object's BTF, by which whoever reads decodes it. */
#define PROBE_EVENTS(record, ring_bytes)           \
    struct {                                       \
        __uint(type, BPF_MAP_TYPE_RINGBUF);        \
        __uint(max_entries, ring_bytes);           \
    } events SEC(".maps");                         \
    struct {                                       \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);   \
        __uint(max_entries, 1);                    \
        __type(key, __u32);                        \
        __type(value, __u64);                      \
    } events_lost SEC(".maps");                    \
    const record *probe_record __attribute__((unused))

/* Room for a record, or NULL: then it is counted as lost. */
#define PROBE_RESERVE(record) ((record *)probe_room(bpf_ringbuf_reserve(&events, sizeof(record), 0), &events_lost))

/* A map's element 0, where there is one for each CPU. */
#define PROBE_COUNTS(name, type_of_value)          \
    struct {                                       \
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);   \
        __uint(max_entries, 1);                    \
        __type(key, __u32);                        \
        __type(value, type_of_value);              \
    } name SEC(".maps")

/* Adds one to a field of these. An interrupt may come between on the same CPU, so the addition is atomic. */
#define PROBE_COUNT(name, type_of_value, field)                                   \
    do {                                                                          \
        __u32 zero_ = 0;                                                          \
        type_of_value *counts_ = bpf_map_lookup_elem(&name, &zero_);              \
        if (counts_) __sync_fetch_and_add(&counts_->field, 1);                    \
    } while (0)

PROBE_INLINE void *probe_room(void *room, void *lost) {
    __u32 zero = 0;

    if (!room) {
        __u64 *count = bpf_map_lookup_elem(lost, &zero);
        if (count) __sync_fetch_and_add(count, 1);
    }
    return room;
}

/* IPv4 as ::ffff:a.b.c.d; `address` is in network order. */
PROBE_INLINE void map_ipv4(__u8 out[16], __be32 address) {
    __builtin_memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    __builtin_memcpy(out + 12, &address, 4);
}

char LICENSE[] SEC("license") = "GPL";
