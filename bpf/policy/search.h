/* How the programs reach the tables: what classify.h leaves to the kernel side. */
#pragma once
#include "maps.h"

/* 1: for test-run by `why`: by the rules alone, no connections, no counters, no events; the answer is left in cb. */
volatile const __u8 stateless = 0;

PD_INLINE const struct pd_line *pd_line_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_cells, &i); }
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_classes, &i); }
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_chunks, &i); }
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_rules, &i); }
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_ifaces, &i); }

/* The time of day in seconds. Under test-run it stands still, at what it was set to. */
PD_INLINE __u64 pd_now(const struct pd_tables *t) {
    const struct pd_header *header = header_of();
    (void)t;
    if (!header) return 0;
    return ((stateless ? 0 : bpf_ktime_get_boot_ns()) + *(volatile const __u64 *)&header->wall_offset) / 1000000000ULL;
}

/* 1 where the kernel has bpf_loop (Linux 5.17, commit e6f2dd0f8067): found by trial. */
volatile const __u8 has_loop = 1;

/* A line of a slate. Like the steps below, a global function. */
__attribute__((noinline)) int policyd_slate(__u32 number, __u32 from) {
    struct pd_scratch *scratch = scratch_of();
    return scratch ? pd_slate_numbered(0, &scratch->scan.slates, number, from) : PD_SLATE_BROKEN;
}

PD_INLINE int pd_slate_step(const struct pd_tables *t, struct pd_slates *s, __u32 number, __u32 from) {
    (void)t;
    (void)s;
    return policyd_slate(number, from);
}

/* A step of the search in the scratch. Global functions: the verifier follows them once, not once for each turn of the loop. */
__attribute__((noinline)) int policyd_scan(void) {
    struct pd_scratch *scratch = scratch_of();
    return !scratch || pd_scan_step(0, &scratch->scan);
}

__attribute__((noinline)) int policyd_slates(void) {
    struct pd_scratch *scratch = scratch_of();
    return !scratch || pd_slates_step(0, &scratch->scan, 0);
}

static long scan_step(__u32 i, void *context) {
    int is_done = policyd_scan();
    (void)i;
    (void)context;
    /* The compiler knows that it is 0 or 1; the verifier does not, and wants no other answer. */
    PD_APART(is_done);
    return is_done ? 1 : 0;
}

static long slates_step(__u32 i, void *context) {
    int is_done = policyd_slates();
    (void)i;
    (void)context;
    PD_APART(is_done);
    return is_done ? 1 : 0;
}

PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s, int has_slates) {
    (void)t;
    (void)s;
    if (has_loop) {
        if (has_slates) bpf_loop(PD_SCAN_STEPS, slates_step, 0, 0);
        else bpf_loop(PD_SCAN_STEPS, scan_step, 0, 0);
        return;
    }
    for (int i = 0; i < PD_SCAN_STEPS_SMALL; i++)
        if (has_slates ? policyd_slates() : policyd_scan()) return;
}

/* The question to the rules: about the packet, or about the first packet of its connection. */
PD_INLINE void ask(struct pd_query *q, const struct pd_packet *p, __u8 direction, __u32 interface) {
    q->direction = direction;
    q->family = p->family;
    q->protocol = p->protocol;
    q->has_ports = p->flags & PD_PACKET_PORTS ? 1 : 0;
    q->source_port = p->source_port;
    q->destination_port = p->destination_port;
    if (p->flags & PD_PACKET_ICMP) q->destination_port = (__u16)(p->icmp_type << 8 | p->icmp_code);
    q->interface = interface;
    __builtin_memcpy(q->remote, direction == PD_INGRESS ? p->source : p->destination, 16);
    __builtin_memcpy(q->local, direction == PD_INGRESS ? p->destination : p->source, 16);
}
