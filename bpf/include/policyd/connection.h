/* Connections: what makes replies pass, and what is judged again when a new revision comes into force. */
#pragma once
#include "packet.h"

/* Seen from the host, so that both directions of a connection have one key. Addresses in network order, ports in host
 * order; for an ICMP echo both ports are its identifier, for protocols without ports 0. */
struct pd_flow4 {
    __u8 remote[4];
    __u8 local[4];
    __u16 remote_port;
    __u16 local_port;
    __u8 protocol;
    __u8 reserved[3];
};

struct pd_flow6 {
    __u8 remote[16];
    __u8 local[16];
    __u16 remote_port;
    __u16 local_port;
    __u8 protocol;
    __u8 reserved[3];
};

union pd_flow {
    struct pd_flow4 v4;
    struct pd_flow6 v6;
};

/* Times of connections, in units of 16.8 ms of CLOCK_MONOTONIC_COARSE. They begin again at 0 every 835 days, so only differences mean
 * anything. */
#define PD_TICK_SHIFT 24

enum pd_connection_flags {
    PD_REPLY_DIRECTION = 1, /* the first packet left the host: enum pd_direction */
    PD_SEEN_REPLY = 2,      /* the other side has answered */
    PD_CONFIRMED = 4,       /* the opener has been heard again after the answer: nobody forged its address */
    PD_FIN_ORIGINAL = 8,    /* FIN from the side that began */
    PD_FIN_REPLY = 16,
    PD_RESET_ORIGINAL = 32, /* reset by the side that began, which has not been heard of since */
    PD_RESET_REPLY = 64,
    PD_LOG_EACH = 128, /* its rule wants an event for every packet */
};
#define PD_ENDING (PD_FIN_ORIGINAL | PD_FIN_REPLY | PD_RESET_ORIGINAL | PD_RESET_REPLY)

/* 64 bytes, so that in the IPv4 table, whose entries have 64 bytes before the value, each connection is two lines of the cache. */
struct pd_connection {
    __u64 packets[2]; /* of the first packet's direction, and the other; a few may be missed where processors meet */
    __u64 bytes[2];
    __u32 last_seen; /* ticks */
    __u32 revision;  /* that judged it last */
    __u32 rule;      /* its number, or PD_NO_RULE */
    __u32 expires;   /* seconds since 1970 at which a rule that allowed it expires: then it is judged again; 0: never */
    __u32 created;   /* ticks */
    __u32 interface; /* of the first packet */
    __u32 born;      /* the revision in force at its first packet */
    __u8 flags;      /* enum pd_connection_flags */
    __u8 reserved;
    __u16 detail; /* ICMP: type and code of the first packet. TCP until confirmed: low bits of the number that acknowledges the last answer */
};

/* Where connections are kept: those that are confirmed, and those that are opening. A flood of openings evicts openings only. */
enum pd_connection_table {
    PD_ESTABLISHED4 = 0,
    PD_ESTABLISHED6 = 1,
    PD_OPENING4 = 2,
    PD_OPENING6 = 3,
    PD_CONNECTION_TABLES = 4,
};

/* What programs did to a table: entries that are neither there nor removed were evicted. */
struct pd_use {
    __u64 inserted;
    __u64 removed;
    __u64 failed; /* found no room, not even by eviction */
};

/* Fragments after the first have no ports: they share the first one's verdict. */
struct pd_fragment_key {
    __u8 source[16];
    __u8 destination[16];
    __u32 id;
    __u32 interface;
    __u8 protocol;
    __u8 family;
    __u8 direction;
    __u8 reserved;
};

struct pd_fragment {
    __u64 seen; /* nanoseconds, CLOCK_MONOTONIC_COARSE */
    __u32 rule;
    __u8 verdict;
    __u8 reason;
    __u16 head; /* bytes of the first fragment's headers, from where the fragments' data begins; none may lie below */
};

/* A refused flow, so that its further packets are counted and not each reported. */
struct pd_refused_key {
    __u8 remote[16];
    __u8 local[16];
    __u16 remote_port;
    __u16 local_port;
    __u32 interface;
    __u8 protocol;
    __u8 family;
    __u8 direction;
    __u8 reason;
    __u32 rule;
};

struct pd_refused {
    __u64 reported; /* nanoseconds, CLOCK_MONOTONIC_COARSE */
    __u64 packets;  /* since then */
};

/* A packet that was rejected, so that our answer to it passes our own programs. Fields are those of its connection's key. */
struct pd_reply_key {
    struct pd_flow6 flow; /* of IPv4 a pd_flow4 at its beginning */
    __u32 interface;
    __u8 family;
    __u8 direction; /* of the answer */
    __u8 reserved[2];
};

struct pd_reply {
    __u64 sent; /* nanoseconds, CLOCK_MONOTONIC_COARSE */
};

/* The key of a packet's connection. `outward`: the packet leaves the host, or would have. */
PD_INLINE void pd_flow_of(const struct pd_packet *p, int outward, union pd_flow *flow) {
    const __u8 *remote = outward ? p->destination : p->source;
    const __u8 *local = outward ? p->source : p->destination;
    __u16 remote_port = outward ? p->destination_port : p->source_port;
    __u16 local_port = outward ? p->source_port : p->destination_port;

    __builtin_memset(flow, 0, sizeof(*flow));
    if (p->family == PD_IPV4) {
        __builtin_memcpy(flow->v4.remote, remote, 4);
        __builtin_memcpy(flow->v4.local, local, 4);
        flow->v4.remote_port = remote_port;
        flow->v4.local_port = local_port;
        flow->v4.protocol = p->protocol;
    } else {
        __builtin_memcpy(flow->v6.remote, remote, 16);
        __builtin_memcpy(flow->v6.local, local, 16);
        flow->v6.remote_port = remote_port;
        flow->v6.local_port = local_port;
        flow->v6.protocol = p->protocol;
    }
}

/* 1 for packets that make a connection once allowed. ICMP messages but the echo request stand alone, and so does a reset. */
PD_INLINE int pd_begins_connection(const struct pd_packet *p) {
    if (p->flags & PD_PACKET_ICMP) return p->icmp_type == (p->family == PD_IPV4 ? 8 : 128);
    if (p->protocol == PD_TCP) return !(p->tcp_flags & 4);
    return 1;
}

PD_INLINE __u8 pd_direction_of(const struct pd_connection *c) { return c->flags & PD_REPLY_DIRECTION; }

/* 1 when the packet may belong to a connection found under its key: an echo runs from request to reply, and a SYN begins a new one
 * where the connection is ending, or where it ran the other way: unless both sides open at the same time (RFC 9293, section 3.5). */
PD_INLINE int pd_continues(const struct pd_packet *p, const struct pd_connection *c, __u8 direction) {
    int original = pd_direction_of(c) == direction;
    if (p->flags & PD_PACKET_ICMP) {
        __u8 request = p->family == PD_IPV4 ? 8 : 128, reply = p->family == PD_IPV4 ? 0 : 129;
        return p->icmp_type == (original ? request : reply);
    }
    if (p->protocol == PD_TCP && (p->tcp_flags & (2 | 4 | 16)) == 2) {
        if (c->flags & PD_ENDING) return 0;
        return original || !(c->flags & PD_CONFIRMED);
    }
    return 1;
}

/* How long a connection in its present state outlives its last packet, in ticks. */
PD_INLINE __u32 pd_life(const struct pd_timeouts *t, __u8 flags, __u8 protocol) {
    switch (protocol) {
    case PD_TCP:
        if (flags & (PD_RESET_ORIGINAL | PD_RESET_REPLY)) return t->tcp_reset;
        if ((flags & (PD_FIN_ORIGINAL | PD_FIN_REPLY)) == (PD_FIN_ORIGINAL | PD_FIN_REPLY)) return t->tcp_closing;
        if (!(flags & PD_CONFIRMED)) return t->tcp_opening;
        return flags & (PD_FIN_ORIGINAL | PD_FIN_REPLY) ? t->tcp_half_closed : t->tcp_established;
    case PD_UDP:
        return flags & PD_CONFIRMED ? t->udp_stream : t->udp;
    case PD_ICMP:
    case PD_ICMPV6:
        return t->icmp;
    default:
        return t->other;
    }
}

/* Whether a packet confirms an opening. Who only pretends to be the opener does not see the answer: for TCP it has to be acknowledged
 * by its number, for the rest it must have been waited for. */
PD_INLINE int pd_confirms(const struct pd_packet *p, const struct pd_connection *c, __u8 direction, __u32 acknowledgment) {
    if ((c->flags & (PD_CONFIRMED | PD_SEEN_REPLY)) != PD_SEEN_REPLY || pd_direction_of(c) != direction) return 0;
    if (p->protocol != PD_TCP) return 1;
    return (p->tcp_flags & (4 | 16)) == 16 && (__u16)acknowledgment == c->detail;
}

/* The flags of a connection after a packet of it. A side that goes on after a reset did not send it. */
PD_INLINE __u8 pd_progress(const struct pd_packet *p, const struct pd_connection *c, __u8 direction) {
    int original = pd_direction_of(c) == direction;
    __u8 flags = c->flags;
    if (!original) flags |= PD_SEEN_REPLY;
    if (p->protocol == PD_TCP) {
        __u8 reset = original ? PD_RESET_ORIGINAL : PD_RESET_REPLY;
        if (p->tcp_flags & 4) return flags | reset;
        flags &= ~reset;
        if (p->tcp_flags & 1) flags |= original ? PD_FIN_ORIGINAL : PD_FIN_REPLY;
    }
    return flags;
}
