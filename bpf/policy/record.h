/* What becomes known of a decision: counters and events.
 *
 * Programs at tc and at XDP share these lines, so that a verdict is counted and reported alike wherever it is given. Before it includes
 * this file, each defines `frame_t`, its context, and the three functions that differ. */
#pragma once
#include "maps.h"

PD_INLINE __u32 frame_interface(const frame_t *frame);
PD_INLINE __u32 frame_length(const frame_t *frame);
/* Packets in the frame: those a GSO frame was put together from, or will be cut into. */
PD_INLINE __u32 packets_in(const frame_t *frame);

/* This CPU's counter of a number. */
PD_INLINE struct pd_counter *counter_at(__u32 number) {
    __u32 limit = counters, place = bpf_get_smp_processor_id() * limit + number;
    return number < limit ? bpf_map_lookup_elem(&policyd_counter, &place) : 0;
}

PD_INLINE struct pd_counter *counter_of(const struct decision *d) {
    return counter_at(d->rule == PD_NO_RULE ? d->reason : d->rule);
}

PD_INLINE void count(frame_t *frame, const struct decision *d) {
    struct pd_counter *c = counter_of(d);
    if (!c) return;
    c->packets += packets_in(frame);
    c->bytes += frame_length(frame);
}

/* Puts a record into the ring; what finds no room is counted with the rule. */
static __attribute__((noinline)) int report(frame_t *frame, const struct pd_packet *p, const struct decision *d) {
    struct pd_event *e = bpf_ringbuf_reserve(&policyd_events, sizeof(*e), 0);
    if (!e) {
        struct pd_counter *c = counter_of(d), *all = counter_at(PD_LOST_EVENTS);
        if (c) c->lost++;
        if (all) all->lost++;
        return 0;
    }
    e->time = bpf_ktime_get_boot_ns();
    e->count = d->count;
    e->rule = d->rule;
    e->revision = d->revision;
    e->interface = frame_interface(frame);
    e->length = frame_length(frame);
    e->verdict = d->verdict;
    e->direction = d->direction;
    e->reason = d->reason;
    e->family = p->family;
    e->protocol = p->protocol;
    e->icmp_type = p->icmp_type;
    e->icmp_code = p->icmp_code;
    e->flags = p->flags;
    e->source_port = p->source_port;
    e->destination_port = p->destination_port;
    e->ethertype = p->ethertype;
    e->reserved = 0;
    __builtin_memcpy(e->source, p->source, 16);
    __builtin_memcpy(e->destination, p->destination, 16);
    bpf_ringbuf_submit(e, 0);
    return 0;
}

/* For flows that have no connection: 1 when the packet is the first of its flow within the interval, with the number of
 * packets since the last report in `d->count`. */
static __attribute__((noinline)) int first_of_flow(frame_t *frame, const struct pd_packet *p, struct decision *d, __u64 interval) {
    struct pd_refused_key key = {};
    struct pd_refused fresh = {}, *seen;
    __u64 now = bpf_ktime_get_coarse_ns();

    if (d->direction == PD_INGRESS) {
        __builtin_memcpy(key.remote, p->source, 16);
        __builtin_memcpy(key.local, p->destination, 16);
        key.remote_port = p->source_port;
        key.local_port = p->destination_port;
    } else {
        __builtin_memcpy(key.remote, p->destination, 16);
        __builtin_memcpy(key.local, p->source, 16);
        key.remote_port = p->destination_port;
        key.local_port = p->source_port;
    }
    if (p->flags & PD_PACKET_ICMP) key.local_port = (__u16)(p->icmp_type << 8 | p->icmp_code);
    key.interface = frame_interface(frame);
    key.protocol = p->protocol;
    key.family = p->family;
    key.direction = d->direction;
    key.reason = d->reason;
    key.rule = d->rule;
    seen = bpf_map_lookup_elem(&policyd_refused, &key);
    if (seen) {
        __u64 before = __sync_fetch_and_add(&seen->packets, 1);
        if (now - seen->reported < interval) return 0;
        seen->reported = now;
        __sync_fetch_and_sub(&seen->packets, before + 1);
        d->count = before + 1;
        return 1;
    }
    fresh.reported = now;
    bpf_map_update_elem(&policyd_refused, &key, &fresh, BPF_ANY);
    return 1;
}

/* Counts and, if the rule wants it, reports. `begins`: the first packet of a connection just made. */
PD_INLINE void record(frame_t *frame, const struct pd_packet *p, struct decision *d, int begins, __u64 interval) {
    count(frame, d);
    if (d->log == PD_LOG_NONE) return;
    if (d->log == PD_LOG_ALL || begins || first_of_flow(frame, p, d, interval)) report(frame, p, d);
}
