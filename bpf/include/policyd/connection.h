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

enum pd_connection_flags {
    PD_SEEN_REPLY = 1,   /* the other side has answered */
    PD_FIN_ORIGINAL = 2, /* FIN from the side that began */
    PD_FIN_REPLY = 4,
    PD_RESET = 8,
    PD_LOG_EACH = 16, /* its rule wants an event for every packet */
};

struct pd_connection {
    __u64 created;   /* nanoseconds, CLOCK_MONOTONIC_COARSE */
    __u64 last_seen; /* the same */
    __u64 packets[2]; /* of the first packet's direction, and the other */
    __u64 bytes[2];
    __u32 revision;  /* that judged it last */
    __u32 rule;      /* its number, or PD_NO_RULE */
    __u32 interface; /* of the first packet */
    __u8 direction;  /* of the first packet */
    __u8 flags;      /* enum pd_connection_flags */
    __u8 icmp_type;  /* of the first packet */
    __u8 icmp_code;
    __u32 born;    /* the revision in force at its first packet */
    __u32 expires; /* seconds since 1970 at which a rule that allowed it expires: then it is judged again; 0: never */
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

/* 1 when the packet may belong to a connection found under its key: an echo runs from request to reply, and a SYN where
 * the connection is closing or ran the other way begins a new one. */
PD_INLINE int pd_continues(const struct pd_packet *p, const struct pd_connection *c, __u8 direction) {
    int original = c->direction == direction;
    if (p->flags & PD_PACKET_ICMP) {
        __u8 request = p->family == PD_IPV4 ? 8 : 128, reply = p->family == PD_IPV4 ? 0 : 129;
        return p->icmp_type == (original ? request : reply);
    }
    if (p->protocol == PD_TCP && (p->tcp_flags & (2 | 4 | 16)) == 2)
        return original && !(c->flags & (PD_FIN_ORIGINAL | PD_FIN_REPLY | PD_RESET));
    return 1;
}

/* How long a connection in its present state outlives its last packet. */
PD_INLINE __u64 pd_life(const struct pd_timeouts *t, const struct pd_connection *c, __u8 protocol) {
    switch (protocol) {
    case PD_TCP:
        if ((c->flags & PD_RESET) || (c->flags & (PD_FIN_ORIGINAL | PD_FIN_REPLY)) == (PD_FIN_ORIGINAL | PD_FIN_REPLY))
            return t->tcp_closing;
        return c->flags & PD_SEEN_REPLY ? t->tcp_established : t->tcp_opening;
    case PD_UDP:
        return c->flags & PD_SEEN_REPLY ? t->udp_stream : t->udp;
    case PD_ICMP:
    case PD_ICMPV6:
        return t->icmp;
    default:
        return t->other;
    }
}

/* The flags a packet adds to its connection. */
PD_INLINE __u8 pd_progress(const struct pd_packet *p, const struct pd_connection *c, __u8 direction) {
    int original = c->direction == direction;
    __u8 flags = original ? 0 : PD_SEEN_REPLY;
    if (p->protocol == PD_TCP) {
        if (p->tcp_flags & 1) flags |= original ? PD_FIN_ORIGINAL : PD_FIN_REPLY;
        if (p->tcp_flags & 4) flags |= PD_RESET;
    }
    return flags;
}
