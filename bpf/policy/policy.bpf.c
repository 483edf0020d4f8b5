/* Judges a packet: walk its headers, find its connection, classify what is new, record, decide. */
#include "maps.h"
#include "connections.h"
#include "reject.h"
#include "search.h"

typedef struct __sk_buff frame_t;
PD_INLINE __u32 frame_interface(const frame_t *skb) { return skb->ifindex; }
PD_INLINE __u32 frame_length(const frame_t *skb) { return skb->len; }
PD_INLINE __u32 packets_in(const frame_t *skb) {
    __u32 segments = skb->gso_segs;
    return segments > 1 ? segments : 1;
}
#include "record.h"

PD_INLINE struct pd_bytes bytes_of(struct __sk_buff *skb) {
    struct pd_bytes bytes = {.data = (const __u8 *)(long)skb->data, .end = (const __u8 *)(long)skb->data_end, .length = skb->len};
    return bytes;
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

/* Records what was decided of the packet in the scratch. A global function for the same reason. */
__attribute__((noinline)) int policyd_record(struct __sk_buff *skb, __u32 begins) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    if (!header || !scratch) return 0;
    record(skb, &scratch->packet, &scratch->decision, begins != 0, header->event_interval);
    return 1;
}

PD_INLINE void count_ethertype(struct __sk_buff *skb, __u16 ethertype) {
    struct pd_counter fresh = {.packets = 1, .bytes = skb->len}, *c = bpf_map_lookup_elem(&policyd_ether, &ethertype);
    if (c) {
        c->packets++;
        c->bytes += skb->len;
    } else bpf_map_update_elem(&policyd_ether, &ethertype, &fresh, BPF_NOEXIST);
}

/* Where the connection a packet belongs to was found. */
enum place {
    NOWHERE,
    ESTABLISHED,
    OPENING,
};

PD_INLINE void forget_connection(const union pd_flow *flow, __u8 family, enum place place) {
    if (place == ESTABLISHED) pd_forget_established(flow, family);
    else pd_forget_opening(flow, family);
}

static __attribute__((noinline)) int begin_connection(struct __sk_buff *skb, const union pd_flow *flow, const struct pd_packet *p,
                                                      const struct decision *d, __u32 expires) {
    __u32 now = pd_ticks();
    struct pd_connection c = {
        .created = now, .last_seen = now, .packets = {packets_in(skb), 0}, .bytes = {skb->len, 0},
        .revision = d->revision, .rule = d->rule, .interface = skb->ifindex, .born = d->revision, .expires = expires,
        .flags = (d->direction ? PD_REPLY_DIRECTION : 0) | (d->log == PD_LOG_ALL ? PD_LOG_EACH : 0),
        .detail = p->flags & PD_PACKET_ICMP ? (__u16)(p->icmp_type << 8 | p->icmp_code) : 0,
    };
    if (p->protocol == PD_TCP && (p->tcp_flags & 1)) c.flags |= PD_FIN_ORIGINAL;
    /* One that is over under the same key would be found first. */
    if (pd_find_established(flow, p->family)) pd_forget_established(flow, p->family);
    pd_begin(flow, p->family, &c);
    return 0;
}

/* Follows an opening: remembers what acknowledges the answer, and moves the connection once that is acknowledged. */
static __attribute__((noinline)) int follow_opening(struct __sk_buff *skb, const union pd_flow *flow, const struct pd_packet *p,
                                                    struct pd_connection *c, __u8 direction) {
    __u8 tcp[12] = {}; /* from the sequence number on */
    __u32 acknowledgment = 0;

    if (p->protocol == PD_TCP) {
        __u32 sequence;
        if (bpf_skb_load_bytes(skb, p->transport + 4, tcp, sizeof(tcp))) return 0;
        sequence = (__u32)tcp[0] << 24 | (__u32)tcp[1] << 16 | (__u32)pd_be16(tcp + 2);
        acknowledgment = pd_be16(tcp + 6);
        if (direction != pd_direction_of(c) && !(p->tcp_flags & 4))
            c->detail = (__u16)(sequence + (p->end - p->transport - (__u32)(tcp[8] >> 4) * 4) + ((p->tcp_flags >> 1) & 1) + (p->tcp_flags & 1));
    }
    if (pd_confirms(p, c, direction, acknowledgment)) pd_establish(flow, p->family, c);
    return 0;
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

/* Turns a question about `p` into one about the packet that began the connection it belongs to. */
PD_INLINE void ask_of_connection(struct pd_query *q, const struct pd_packet *p, const struct pd_connection *c) {
    q->interface = c->interface;
    if (p->flags & PD_PACKET_ICMP) q->destination_port = c->detail;
    if (q->direction == pd_direction_of(c)) return;
    q->direction = pd_direction_of(c);
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

/* Whether a packet, or the one it speaks of, is of a connection that was found under its key. */
PD_INLINE int belongs(const struct pd_packet *p, const struct pd_connection *c, const struct pd_header *header,
                      const struct pd_packet *inner, __u8 direction, __u32 now) {
    if (inner) {
        p = inner;
        direction = !direction;
    }
    return c && pd_is_alive(c, &header->timeouts, p->protocol, now) && pd_continues(p, c, direction);
}

/* Lets a packet of an established connection pass that is judged already and that changes nothing: most packets are such. */
PD_INLINE int pass_quickly(struct __sk_buff *skb, const struct pd_header *header, __u8 direction, __u8 link) {
    struct pd_bytes bytes = bytes_of(skb);
    struct decision d = {.reason = PD_REASON_ESTABLISHED};
    struct pd_connection *c;
    union pd_flow flow;
    __u8 tcp_flags;
    __u32 now, life, packets;
    int family = pd_quick_walk(&bytes, link, direction == PD_EGRESS, &flow, &tcp_flags), reply;

    /* FIN, SYN and RST change the state. */
    if (family == PD_QUICK_NOT || (tcp_flags & (1 | 2 | 4))) return 0;
    c = pd_find_established(&flow, family);
    if (!c || c->revision != header->revision || (c->flags & (PD_ENDING | PD_LOG_EACH))) return 0;
    if (c->expires && c->expires <= pd_now(0)) return 0;
    now = pd_ticks();
    life = (family == PD_IPV4 ? flow.v4.protocol : flow.v6.protocol) == PD_TCP ? header->timeouts.tcp_established
                                                                               : header->timeouts.udp_stream;
    if ((__s32)(now - c->last_seen) > (__s32)life) return 0;
    packets = packets_in(skb);
    reply = pd_direction_of(c) != direction;
    c->last_seen = now;
    c->packets[reply & 1] += packets;
    c->bytes[reply & 1] += skb->len;
    d.rule = c->rule;
    count(skb, &d);
    return 1;
}

SEC("tc") int policyd_judge(struct __sk_buff *skb) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch;
    struct pd_packet *p;
    struct pd_match *match;
    struct decision d = {};
    struct pd_connection *connection = 0;
    enum place place = NOWHERE;
    __u8 related = 0, begins = 0;
    __u32 now = 0;
    int reason;

    if (!header) return TC_ACT_SHOT;
    if (!stateless && pass_quickly(skb, header, skb->cb[0] & 1, (skb->cb[0] >> 1) & 1)) return TC_ACT_UNSPEC;
    scratch = scratch_of();
    if (!scratch) return TC_ACT_SHOT;
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
        now = pd_ticks();
        pd_flow_of(p, d.direction == PD_EGRESS, &scratch->flow);
        if (p->flags & PD_PACKET_ICMP_ERROR) {
            if (find_inner(skb) == PD_WALK_OK) {
                /* The packet it speaks of went the other way. */
                pd_flow_of(&scratch->inner, d.direction == PD_INGRESS, &scratch->flow);
                related = 1;
            }
        }
        connection = pd_find_established(&scratch->flow, p->family);
        place = ESTABLISHED;
        if (!belongs(p, connection, header, related ? &scratch->inner : 0, d.direction, now)) {
            connection = pd_find_opening(&scratch->flow, p->family);
            place = OPENING;
            if (!belongs(p, connection, header, related ? &scratch->inner : 0, d.direction, now)) connection = 0;
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
        scratch->decision = audit;
        policyd_record(skb, 0);
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
        forget_connection(&scratch->flow, p->family, place);
        connection = 0;
        d.reason = PD_REASON_REVOKED;
        goto recorded;
    }
    if (d.verdict == PD_ALLOW && pd_begins_connection(p)) {
        begin_connection(skb, &scratch->flow, p, &d, match->expires);
        begins = 1;
    }
    goto recorded;

continued:
    if (!related) {
        int reply = pd_direction_of(connection) != d.direction;
        __u8 flags = pd_progress(p, connection, d.direction);
        connection->last_seen = now;
        if (flags != connection->flags) connection->flags = flags;
        connection->packets[reply & 1] += packets_in(skb);
        connection->bytes[reply & 1] += skb->len;
        if (place == OPENING) follow_opening(skb, &scratch->flow, p, connection, d.direction);
    }
recorded:
    if (p->flags & PD_PACKET_FIRST_FRAGMENT) {
        if (!stateless) remember_fragment(skb, p, &d);
    }
counted:
    if (!stateless) {
        scratch->decision = d;
        policyd_record(skb, begins);
    }
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
