/* The tables of connections.
 *
 * A connection begins among the openings. Once it is confirmed it moves to the established ones, which are looked up first. The kernel
 * evicts what was unused for longest from either when it is full: a flood of openings, whose senders are forged, pushes out openings. */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "policyd.h"

#define PD_CONNECTIONS(name, type_of_key)     \
    struct {                                  \
        __uint(type, BPF_MAP_TYPE_LRU_HASH);  \
        __uint(max_entries, 65536);           \
        __type(key, type_of_key);             \
        __type(value, struct pd_connection);  \
    } name SEC(".maps")

PD_CONNECTIONS(policyd_conn4, struct pd_flow4);
PD_CONNECTIONS(policyd_conn6, struct pd_flow6);
PD_CONNECTIONS(policyd_open4, struct pd_flow4);
PD_CONNECTIONS(policyd_open6, struct pd_flow6);

/* By enum pd_connection_table. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, PD_CONNECTION_TABLES);
    __type(key, __u32);
    __type(value, struct pd_use);
} policyd_use SEC(".maps");

PD_INLINE __u32 pd_ticks(void) { return (__u32)(bpf_ktime_get_coarse_ns() >> PD_TICK_SHIFT); }

PD_INLINE struct pd_use *pd_use_of(__u32 table) { return bpf_map_lookup_elem(&policyd_use, &table); }

PD_INLINE struct pd_connection *pd_find_established(const union pd_flow *flow, __u8 family) {
    return family == PD_IPV4 ? bpf_map_lookup_elem(&policyd_conn4, &flow->v4) : bpf_map_lookup_elem(&policyd_conn6, &flow->v6);
}

PD_INLINE struct pd_connection *pd_find_opening(const union pd_flow *flow, __u8 family) {
    return family == PD_IPV4 ? bpf_map_lookup_elem(&policyd_open4, &flow->v4) : bpf_map_lookup_elem(&policyd_open6, &flow->v6);
}

PD_INLINE int pd_is_alive(const struct pd_connection *c, const struct pd_timeouts *t, __u8 protocol, __u32 now) {
    /* Another processor may have seen a packet since this one read the clock. */
    return (__s32)(now - c->last_seen) <= (__s32)pd_life(t, c->flags, protocol);
}

/* The connection under a key, wherever it is kept; NULL if there is none that is alive. */
PD_INLINE struct pd_connection *pd_find_connection(const union pd_flow *flow, __u8 family, const struct pd_timeouts *t, __u8 protocol,
                                                   __u32 now) {
    struct pd_connection *c = pd_find_established(flow, family);
    if (c && pd_is_alive(c, t, protocol, now)) return c;
    c = pd_find_opening(flow, family);
    return c && pd_is_alive(c, t, protocol, now) ? c : 0;
}

PD_INLINE void pd_forget_established(const union pd_flow *flow, __u8 family) {
    struct pd_use *use = pd_use_of(family == PD_IPV4 ? PD_ESTABLISHED4 : PD_ESTABLISHED6);
    long failed;
    if (family == PD_IPV4) failed = bpf_map_delete_elem(&policyd_conn4, &flow->v4);
    else failed = bpf_map_delete_elem(&policyd_conn6, &flow->v6);
    if (use && !failed) use->removed++;
}

PD_INLINE void pd_forget_opening(const union pd_flow *flow, __u8 family) {
    struct pd_use *use = pd_use_of(family == PD_IPV4 ? PD_OPENING4 : PD_OPENING6);
    long failed;
    if (family == PD_IPV4) failed = bpf_map_delete_elem(&policyd_open4, &flow->v4);
    else failed = bpf_map_delete_elem(&policyd_open6, &flow->v6);
    if (use && !failed) use->removed++;
}

#define PD_EEXIST 17

PD_INLINE void pd_count_insert(struct pd_use *use, long failed) {
    if (!use || failed == -PD_EEXIST) return;
    if (failed) use->failed++;
    else use->inserted++;
}

/* Adds an opening in the place of one that is over. */
PD_INLINE void pd_begin(const union pd_flow *flow, __u8 family, const struct pd_connection *c) {
    struct pd_use *use = pd_use_of(family == PD_IPV4 ? PD_OPENING4 : PD_OPENING6);
    struct pd_connection *there = pd_find_opening(flow, family);
    if (there) {
        *there = *c;
        return;
    }
    if (family == PD_IPV4) pd_count_insert(use, bpf_map_update_elem(&policyd_open4, &flow->v4, c, BPF_NOEXIST));
    else pd_count_insert(use, bpf_map_update_elem(&policyd_open6, &flow->v6, c, BPF_NOEXIST));
}

/* Moves an opening to the established connections: there first, so that it can be found all the time. Where it finds no room it stays an
 * opening, and is tried again with its next packet. */
PD_INLINE void pd_establish(const union pd_flow *flow, __u8 family, const struct pd_connection *opening) {
    struct pd_use *use = pd_use_of(family == PD_IPV4 ? PD_ESTABLISHED4 : PD_ESTABLISHED6);
    struct pd_connection c = *opening;
    long failed;
    c.flags |= PD_CONFIRMED;
    if (family == PD_IPV4) failed = bpf_map_update_elem(&policyd_conn4, &flow->v4, &c, BPF_NOEXIST);
    else failed = bpf_map_update_elem(&policyd_conn6, &flow->v6, &c, BPF_NOEXIST);
    pd_count_insert(use, failed);
    if (!failed || failed == -PD_EEXIST) pd_forget_opening(flow, family);
}
