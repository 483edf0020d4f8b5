/* Judges a packet: walk its headers, find its connection, classify what is new, record, decide. */
#include "maps.h"
#include "reject.h"

/* 1: for test-run by `why`: by the rules alone, no connections, no counters, no events; the answer is left in cb. */
volatile const __u8 stateless = 0;

PD_INLINE const struct pd_cell *pd_cell_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_cells, &i); }
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_classes, &i); }
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_chunks, &i); }
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_rules, &i); }
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 i) { (void)t; return bpf_map_lookup_elem(&policyd_ifaces, &i); }

PD_INLINE struct pd_bytes bytes_of(struct __sk_buff *skb) {
    struct pd_bytes bytes = {.data = (const __u8 *)(long)skb->data, .end = (const __u8 *)(long)skb->data_end, .length = skb->len};
    return bytes;
}

/* The time of day in seconds. Under test-run it stands still, at what it was set to. */
PD_INLINE __u64 pd_now(const struct pd_tables *t) {
    const struct pd_header *header = header_of();
    (void)t;
    if (!header) return 0;
    return ((stateless ? 0 : bpf_ktime_get_boot_ns()) + *(volatile const __u64 *)&header->wall_offset) / 1000000000ULL;
}

/* 1 where the kernel has bpf_loop (Linux 5.17, commit e6f2dd0f8067): found by trial. */
volatile const __u8 has_loop = 1;

static long scan_step(__u32 i, struct pd_scan **scan) {
    (void)i;
    return pd_scan_step(0, *scan);
}

PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s) {
    if (has_loop) {
        bpf_loop(PD_SCAN_STEPS, scan_step, &s, 0);
        return;
    }
    for (int i = 0; i < PD_SCAN_STEPS_SMALL; i++)
        if (pd_scan_step(t, s)) return;
}

/* Asks the rules the question in the scratch. A global function: the verifier follows it once, not once for each way to it. */
__attribute__((noinline)) int policyd_classify(struct __sk_buff *skb) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    const struct pd_tables tables = {};
    if (!header || !scratch || !skb) return 0;
    pd_classify(&tables, header, &scratch->query, &scratch->scan, &scratch->match);
    return 1;
}

/* What is decided about a packet, on its way to the record. */
struct decision {
    __u32 rule; /* number, or PD_NO_RULE */
    __u32 revision;
    __u64 count;
    __u8 verdict;
    __u8 reason;
    __u8 direction;
    __u8 log;
};

PD_INLINE struct pd_counter *counter_of(const struct decision *d) {
    __u32 place = d->rule == PD_NO_RULE ? d->reason : d->rule;
    return bpf_map_lookup_elem(&policyd_counter, &place);
}

PD_INLINE void count(struct __sk_buff *skb, const struct decision *d) {
    struct pd_counter *c = counter_of(d);
    if (!c) return;
    c->packets += skb->gso_segs > 1 ? skb->gso_segs : 1;
    c->bytes += skb->len;
}

/* Puts a record into the ring; what finds no room is counted with the rule. */
static __attribute__((noinline)) int report(struct __sk_buff *skb, const struct pd_packet *p, const struct decision *d) {
    struct pd_event *e = bpf_ringbuf_reserve(&policyd_events, sizeof(*e), 0);
    if (!e) {
        __u32 place = PD_LOST_EVENTS;
        struct pd_counter *c = counter_of(d), *all = bpf_map_lookup_elem(&policyd_counter, &place);
        if (c) c->lost++;
        if (all) all->lost++;
        return 0;
    }
    e->time = bpf_ktime_get_boot_ns();
    e->count = d->count;
    e->rule = d->rule;
    e->revision = d->revision;
    e->interface = skb->ifindex;
    e->length = skb->len;
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
static __attribute__((noinline)) int first_of_flow(struct __sk_buff *skb, const struct pd_packet *p, struct decision *d, __u64 interval) {
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
    key.interface = skb->ifindex;
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
PD_INLINE void record(struct __sk_buff *skb, const struct pd_packet *p, struct decision *d, int begins, __u64 interval) {
    count(skb, d);
    if (d->log == PD_LOG_ALL) report(skb, p, d);
    else if (d->log == PD_LOG_NEW && (begins || first_of_flow(skb, p, d, interval))) report(skb, p, d);
}

PD_INLINE void count_ethertype(struct __sk_buff *skb, __u16 ethertype) {
    struct pd_counter fresh = {.packets = 1, .bytes = skb->len}, *c = bpf_map_lookup_elem(&policyd_ether, &ethertype);
    if (c) {
        c->packets++;
        c->bytes += skb->len;
    } else bpf_map_update_elem(&policyd_ether, &ethertype, &fresh, BPF_NOEXIST);
}

PD_INLINE struct pd_connection *find_connection(const union pd_flow *flow, __u8 family) {
    return family == PD_IPV4 ? bpf_map_lookup_elem(&policyd_conn4, &flow->v4) : bpf_map_lookup_elem(&policyd_conn6, &flow->v6);
}

PD_INLINE void forget_connection(const union pd_flow *flow, __u8 family) {
    if (family == PD_IPV4) bpf_map_delete_elem(&policyd_conn4, &flow->v4);
    else bpf_map_delete_elem(&policyd_conn6, &flow->v6);
}

PD_INLINE void remember_connection(struct __sk_buff *skb, const union pd_flow *flow, const struct pd_packet *p, const struct decision *d,
                                   __u32 expires, __u64 now) {
    struct pd_connection c = {
        .created = now, .last_seen = now, .packets = {1, 0}, .bytes = {skb->len, 0},
        .revision = d->revision, .rule = d->rule, .interface = skb->ifindex, .direction = d->direction,
        .flags = d->log == PD_LOG_ALL ? PD_LOG_EACH : 0, .icmp_type = p->icmp_type, .icmp_code = p->icmp_code,
        .born = d->revision, .expires = expires,
    };
    if (p->family == PD_IPV4) bpf_map_update_elem(&policyd_conn4, &flow->v4, &c, BPF_ANY);
    else bpf_map_update_elem(&policyd_conn6, &flow->v6, &c, BPF_ANY);
}

PD_INLINE void fragment_key_of(struct __sk_buff *skb, const struct pd_packet *p, __u8 direction, struct pd_fragment_key *key) {
    __builtin_memset(key, 0, sizeof(*key));
    __builtin_memcpy(key->source, p->source, 16);
    __builtin_memcpy(key->destination, p->destination, 16);
    key->id = p->fragment_id;
    key->interface = skb->ifindex;
    /* Fragments of one IPv6 packet may each say what they like (RFC 8200, section 4.5). */
    key->protocol = p->family == PD_IPV4 ? p->protocol : 0;
    key->family = p->family;
    key->direction = direction;
}

/* A later fragment shares the verdict of its first, unless it would write over what that was judged by. Returns a reason. */
static __attribute__((noinline)) int judge_fragment(struct __sk_buff *skb, const struct pd_packet *p, struct decision *d, __u64 life) {
    struct pd_fragment_key key;
    struct pd_fragment *first;

    fragment_key_of(skb, p, d->direction, &key);
    first = bpf_map_lookup_elem(&policyd_frags, &key);
    if (!first || bpf_ktime_get_coarse_ns() - first->seen > life) return PD_REASON_FRAGMENT;
    if (p->fragment_offset < first->head) return PD_REASON_MALFORMED;
    d->rule = first->rule;
    d->verdict = first->verdict;
    d->reason = first->reason;
    d->log = PD_LOG_NONE;
    return PD_WALK_OK;
}

static __attribute__((noinline)) int remember_fragment(struct __sk_buff *skb, const struct pd_packet *p, const struct decision *d) {
    struct pd_fragment_key key;
    struct pd_fragment first = {.seen = bpf_ktime_get_coarse_ns(), .rule = d->rule, .verdict = d->verdict, .reason = d->reason,
                                .head = (__u16)(p->payload - p->fragment_data)};

    fragment_key_of(skb, p, d->direction, &key);
    return bpf_map_update_elem(&policyd_frags, &key, &first, BPF_ANY);
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

/* Turns a question about `p` into one about the packet that began the connection it belongs to. */
PD_INLINE void ask_of_connection(struct pd_query *q, const struct pd_packet *p, const struct pd_connection *c) {
    q->interface = c->interface;
    if (p->flags & PD_PACKET_ICMP) q->destination_port = (__u16)(c->icmp_type << 8 | c->icmp_code);
    if (q->direction == c->direction) return;
    q->direction = c->direction;
    if (!(p->flags & PD_PACKET_ICMP)) {
        q->source_port = p->destination_port;
        q->destination_port = p->source_port;
    }
}

/* The three steps of the header walk, on the packet in the scratch: global functions for the same reason. */
__attribute__((noinline)) int policyd_network(struct __sk_buff *skb, __u8 link) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_scratch *scratch = scratch_of();
    if (!scratch) return PD_REASON_INTERNAL;
    __builtin_memset(&scratch->packet, 0, sizeof(scratch->packet));
    return pd_walk_network(&bytes, link, &scratch->packet);
}

__attribute__((noinline)) int policyd_extensions(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_scratch *scratch = scratch_of();
    return scratch ? pd_walk_extensions(&bytes, &scratch->packet) : PD_REASON_INTERNAL;
}

__attribute__((noinline)) int policyd_transport(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_scratch *scratch = scratch_of();
    return scratch ? pd_walk_transport(&bytes, &scratch->packet) : PD_REASON_INTERNAL;
}

PD_INLINE int walk(struct __sk_buff *skb, __u8 link, struct pd_packet *p) {
    int reason = PD_REASON_MALFORMED;
    for (int attempt = 0; attempt < 2; attempt++) {
        reason = policyd_network(skb, link);
        if (reason == PD_WALK_OK && p->family == PD_IPV6) reason = policyd_extensions(skb);
        if (reason == PD_WALK_OK) reason = policyd_transport(skb);
        if (reason != PD_REASON_MALFORMED || (long)skb->data + skb->len <= (long)skb->data_end) return reason;
        /* Perhaps only the linear part ends there. */
        if (bpf_skb_pull_data(skb, skb->len < PD_HEADERS_MAX + 64 ? skb->len : PD_HEADERS_MAX + 64)) return reason;
    }
    return reason;
}

/* Finds the packet that an ICMP error speaks of. */
__attribute__((noinline)) int policyd_inner(struct __sk_buff *skb) {
    struct pd_bytes bytes = bytes_of(skb);
    struct pd_scratch *scratch = scratch_of();
    if (!scratch) return PD_REASON_INTERNAL;
    __builtin_memset(&scratch->inner, 0, sizeof(scratch->inner));
    return pd_walk_inner(&bytes, &scratch->packet, &scratch->inner);
}

PD_INLINE int find_inner(struct __sk_buff *skb) {
    int reason = policyd_inner(skb);
    if (reason != PD_REASON_MALFORMED || (long)skb->data + skb->len <= (long)skb->data_end) return reason;
    /* As in walk(). */
    if (bpf_skb_pull_data(skb, skb->len < PD_HEADERS_MAX + 64 ? skb->len : PD_HEADERS_MAX + 64)) return reason;
    return policyd_inner(skb);
}

SEC("tc") int policyd_judge(struct __sk_buff *skb) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    struct pd_packet *p;
    struct pd_match *match;
    struct decision d = {};
    struct pd_connection *connection = 0;
    __u8 related = 0, begins = 0;
    __u64 now = 0, life;
    int reason;

    if (!header || !scratch) return TC_ACT_SHOT;
    p = &scratch->packet;
    match = &scratch->match;
    d.direction = skb->cb[0] & 1;
    d.revision = header->revision;
    d.rule = PD_NO_RULE;
    d.count = 1;

    reason = walk(skb, (skb->cb[0] >> 1) & 1, p);
    if (reason == PD_REASON_NON_IP) {
        d.reason = reason;
        if (!stateless) {
            count_ethertype(skb, p->ethertype);
            count(skb, &d);
        }
        goto end;
    }
    if (reason == PD_WALK_OK && (p->flags & PD_PACKET_LATER_FRAGMENT)) {
        reason = PD_REASON_FRAGMENT;
        if (!stateless) reason = judge_fragment(skb, p, &d, header->timeouts.fragment);
        if (reason == PD_WALK_OK) goto counted;
    }
    if (reason != PD_WALK_OK) {
        d.verdict = PD_DENY;
        d.reason = reason;
        d.log = PD_LOG_NEW;
        goto recorded;
    }

    ask(&scratch->query, p, d.direction, skb->ifindex);
    if (!stateless) {
        now = bpf_ktime_get_coarse_ns();
        pd_flow_of(p, d.direction == PD_EGRESS, &scratch->flow);
        if (p->flags & PD_PACKET_ICMP_ERROR) {
            if (find_inner(skb) == PD_WALK_OK) {
                /* The packet it speaks of went the other way. */
                pd_flow_of(&scratch->inner, d.direction == PD_INGRESS, &scratch->flow);
                related = 1;
            }
        }
        connection = find_connection(&scratch->flow, p->family);
        if (connection) {
            life = pd_life(&header->timeouts, connection, related ? scratch->inner.protocol : p->protocol);
            if (now - connection->last_seen > life ||
                !pd_continues(related ? &scratch->inner : p, connection, related ? !d.direction : d.direction))
                connection = 0;
        }
        if (connection) {
            if (connection->revision == header->revision && (!connection->expires || connection->expires > pd_now(0))) {
                d.rule = connection->rule;
                d.reason = related ? PD_REASON_RELATED : PD_REASON_ESTABLISHED;
                if (connection->flags & PD_LOG_EACH) d.log = PD_LOG_ALL;
                goto continued;
            }
            if (related) ask(&scratch->query, &scratch->inner, !d.direction, connection->interface);
            ask_of_connection(&scratch->query, related ? &scratch->inner : p, connection);
        } else {
            if (pd_may_be_reply(p) && pd_is_reply(skb, scratch, p, d.direction)) {
                d.reason = PD_REASON_REJECT_REPLY;
                goto counted;
            }
            related = 0;
        }
    }

    if (!policyd_classify(skb)) return TC_ACT_SHOT;
    d.rule = match->rule;
    d.verdict = match->action;
    d.reason = match->reason;
    d.log = match->log;
    if (stateless) {
        skb->cb[3] = match->audits;
        skb->cb[4] = match->audits ? match->audit[0] : 0;
        goto end;
    }
    for (int i = 0; i < PD_AUDITS; i++) {
        const struct pd_rule *rule;
        struct decision audit = d;
        if (i >= match->audits) break;
        rule = pd_rule_at(0, match->audit[i]);
        if (!rule) break;
        audit.rule = rule->number;
        audit.verdict = rule->would;
        audit.reason = PD_REASON_AUDIT;
        audit.log = rule->log;
        record(skb, p, &audit, 0, header->event_interval);
    }
    if (connection) {
        if (d.verdict != PD_ALLOW && connection->born < match->since) {
            /* Older than the rule, which spares such. No rule allows it. */
            d.verdict = PD_ALLOW;
            d.rule = PD_NO_RULE;
            d.log = PD_LOG_NONE;
            match->expires = 0;
        }
        if (d.verdict == PD_ALLOW) {
            connection->revision = d.revision;
            connection->rule = d.rule;
            connection->expires = match->expires;
            connection->flags = (connection->flags & ~PD_LOG_EACH) | (d.log == PD_LOG_ALL ? PD_LOG_EACH : 0);
            d.reason = related ? PD_REASON_RELATED : PD_REASON_ESTABLISHED;
            if (d.log == PD_LOG_NEW) d.log = PD_LOG_NONE;
            goto continued;
        }
        forget_connection(&scratch->flow, p->family);
        connection = 0;
        d.reason = PD_REASON_REVOKED;
        goto recorded;
    }
    if (d.verdict == PD_ALLOW && pd_begins_connection(p)) {
        remember_connection(skb, &scratch->flow, p, &d, match->expires, now);
        begins = 1;
    }
    goto recorded;

continued:
    if (!related) {
        int reply = connection->direction != d.direction;
        __u8 flags = connection->flags | pd_progress(p, connection, d.direction);
        connection->last_seen = now;
        if (flags != connection->flags) connection->flags = flags;
        __sync_fetch_and_add(&connection->packets[reply & 1], 1);
        __sync_fetch_and_add(&connection->bytes[reply & 1], skb->len);
    }
recorded:
    if (p->flags & PD_PACKET_FIRST_FRAGMENT) {
        if (!stateless) remember_fragment(skb, p, &d);
    }
counted:
    if (!stateless) record(skb, p, &d, begins, header->event_interval);
end:
    if (stateless) {
        skb->cb[1] = d.rule;
        skb->cb[2] = (__u32)d.reason | (__u32)d.verdict << 8;
    }
    if (d.verdict == PD_ALLOW) return TC_ACT_UNSPEC;
    if (d.verdict != PD_REJECT || stateless) return TC_ACT_SHOT;
    return policyd_reject(skb, skb->cb[0] & 1, (skb->cb[0] >> 1) & 1);
}

char LICENSE[] SEC("license") = "GPL";
