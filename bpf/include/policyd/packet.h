/* The header walk: from the bytes of a frame to the fields that policies speak of.
 *
 * It never guesses. A header that is cut off or contradicts itself makes the packet malformed, and what follows a
 * fragment's offset or an unknown header is not read as ports. Sources: RFC 791, 768, 9293, 792, 8200, 4443, 4302, IEEE 802.1Q. */
#pragma once
#include "base.h"

enum pd_link {
    PD_LINK_ETHERNET = 0,
    PD_LINK_RAW = 1, /* no link header: tun, wireguard */
};

#define PD_VLAN_TAGS_MAX 4
#define PD_EXTENSIONS_MAX 8
/* Headers that end beyond this many bytes are more than the walk allows. */
#define PD_HEADERS_MAX 1024

enum pd_packet_flags {
    PD_PACKET_PORTS = 1,          /* source_port and destination_port hold */
    PD_PACKET_ICMP = 2,           /* type and code hold, in either family */
    PD_PACKET_FIRST_FRAGMENT = 4, /* has the transport header; others follow */
    PD_PACKET_LATER_FRAGMENT = 8, /* has none */
    PD_PACKET_ICMP_ERROR = 16,    /* carries the head of the packet it speaks of, at `payload` */
};

struct pd_packet {
    __u8 family; /* enum pd_family */
    __u8 protocol;
    __u8 flags;     /* enum pd_packet_flags */
    __u8 tcp_flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32 */
    __u16 ethertype;
    __u16 source_port;      /* host order; for an ICMP echo its identifier */
    __u16 destination_port; /* host order; for an ICMP echo its identifier */
    __u8 icmp_type;
    __u8 icmp_code;
    __u32 fragment_id;
    __u32 transport; /* offset of the transport header from the frame's start */
    __u32 end;       /* where the IP packet ends, likewise */
    __u32 payload;   /* offset of what follows the transport header's fixed part */
    __u8 source[16]; /* network order; IPv4 in the first four bytes */
    __u8 destination[16];
};

/* What the walk found. Values are of enum pd_reason; PD_WALK_OK is none of them. */
#define PD_WALK_OK PD_REASON_RULE

struct pd_bytes {
    const __u8 *data; /* the linear part of the frame */
    const __u8 *end;
    __u32 length; /* of the whole frame, in bytes */
};

/* A pointer to `size` bytes at `offset`, or NULL where they are cut off. `offset` is at most PD_HEADERS_MAX. */
PD_INLINE const __u8 *pd_at(const struct pd_bytes *b, __u32 offset, __u32 size) {
    const __u8 *p;
    if (offset > PD_HEADERS_MAX) return 0;
#ifdef __bpf__
    /* Keeps the bound check and the addition on one register, as the verifier wants them. */
    asm volatile("" : "+r"(offset));
    if (offset > PD_HEADERS_MAX) return 0;
#endif
    p = b->data + offset;
    if (p + size > b->end) return 0;
    return p;
}

/* Transport headers, from `transport` to `end`. */
PD_INLINE int pd_walk_transport(const struct pd_bytes *b, struct pd_packet *out) {
    __u32 offset = out->transport, end = out->end, left;
    const __u8 *p;

    if (out->flags & PD_PACKET_LATER_FRAGMENT) return PD_WALK_OK;
    if (end < offset) return PD_REASON_MALFORMED;
    if (offset > PD_HEADERS_MAX - 20) return PD_REASON_EXTENSIONS;
    left = end - offset;
    switch (out->protocol) {
    case PD_TCP:
        if (left < 20) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 20);
        if (!p) return PD_REASON_MALFORMED;
        if ((p[12] >> 4) < 5) return PD_REASON_MALFORMED;
        if (!(out->flags & PD_PACKET_FIRST_FRAGMENT) && (__u32)(p[12] >> 4) * 4 > left) return PD_REASON_MALFORMED;
        out->tcp_flags = p[13];
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
        out->payload = offset + 20;
        return PD_WALK_OK;
    case PD_UDP:
        if (left < 8) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 8);
        if (!p) return PD_REASON_MALFORMED;
        /* A length of 0 is a jumbogram's (RFC 2675), which only IPv6 has. */
        if (pd_be16(p + 4) < 8 && !(out->family == PD_IPV6 && pd_be16(p + 4) == 0)) return PD_REASON_MALFORMED;
        if (!(out->flags & PD_PACKET_FIRST_FRAGMENT) && pd_be16(p + 4) > left) return PD_REASON_MALFORMED;
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
        out->payload = offset + 8;
        return PD_WALK_OK;
    case PD_SCTP:
        if (left < 12) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 12);
        if (!p) return PD_REASON_MALFORMED;
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
        out->payload = offset + 12;
        return PD_WALK_OK;
    case PD_ICMP:
    case PD_ICMPV6:
        /* ICMP over IPv6 and ICMPv6 over IPv4 are protocols like any other. */
        if ((out->protocol == PD_ICMP) != (out->family == PD_IPV4)) return PD_WALK_OK;
        if (left < 8) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 8);
        if (!p) return PD_REASON_MALFORMED;
        out->icmp_type = p[0];
        out->icmp_code = p[1];
        out->flags |= PD_PACKET_ICMP;
        out->payload = offset + 8;
        if (out->family == PD_IPV4) {
            if (p[0] == 8 || p[0] == 0) out->source_port = out->destination_port = pd_be16(p + 4);
            if (p[0] == 3 || p[0] == 4 || p[0] == 5 || p[0] == 11 || p[0] == 12) out->flags |= PD_PACKET_ICMP_ERROR;
        } else {
            if (p[0] == 128 || p[0] == 129) out->source_port = out->destination_port = pd_be16(p + 4);
            if (p[0] >= 1 && p[0] <= 4) out->flags |= PD_PACKET_ICMP_ERROR;
        }
        return PD_WALK_OK;
    default:
        out->payload = offset;
        return PD_WALK_OK;
    }
}

/* The IPv4 header at `offset`. */
PD_INLINE int pd_walk_ipv4(const struct pd_bytes *b, __u32 offset, struct pd_packet *out) {
    const __u8 *p = pd_at(b, offset, 20);
    __u32 header, total;
    __u16 fragment;

    if (!p) return PD_REASON_MALFORMED;
    header = (__u32)(p[0] & 15) * 4;
    total = pd_be16(p + 2);
    /* A GSO packet larger than the field can say has 0 there (Linux BIG TCP). */
    if (total == 0 && b->length > 65535) total = b->length - offset;
    if ((p[0] >> 4) != 4 || header < 20 || total < header || offset + total > b->length) return PD_REASON_MALFORMED;
    out->family = PD_IPV4;
    out->protocol = p[9];
    __builtin_memcpy(out->source, p + 12, 4);
    __builtin_memcpy(out->destination, p + 16, 4);
    fragment = pd_be16(p + 6);
    out->fragment_id = pd_be16(p + 4);
    if (fragment & 0x1fff) out->flags |= PD_PACKET_LATER_FRAGMENT;
    else if (fragment & 0x2000) out->flags |= PD_PACKET_FIRST_FRAGMENT;
    out->transport = offset + header;
    out->end = offset + total;
    return PD_WALK_OK;
}

PD_INLINE int pd_is_extension(__u8 next) {
    return next == PD_HOPOPTS || next == PD_ROUTING || next == PD_DSTOPTS || next == PD_FRAGMENT || next == PD_AH ||
           next == PD_MOBILITY || next == PD_HIP || next == PD_SHIM6;
}

/* One extension header at `transport`. Returns 1 to go on behind it, 0 when the chain ends here, or minus a reason. */
PD_INLINE int pd_walk_extension(const struct pd_bytes *b, struct pd_packet *out) {
    __u32 at = out->transport, size;
    __u8 next = out->protocol;
    const __u8 *p;

    if (!pd_is_extension(next)) return 0;
    if (at > PD_HEADERS_MAX - 8) return -PD_REASON_EXTENSIONS;
    p = pd_at(b, at, 8);
    if (!p || at + 8 > out->end) return -PD_REASON_MALFORMED;
    if (next == PD_FRAGMENT) {
        __u16 fragment = pd_be16(p + 2);
        out->fragment_id = ((__u32)pd_be16(p + 4) << 16) | pd_be16(p + 6);
        out->protocol = p[0];
        out->transport = at + 8;
        if (fragment & 0xfff8) {
            out->flags |= PD_PACKET_LATER_FRAGMENT;
            return 0;
        }
        if (fragment & 1) out->flags |= PD_PACKET_FIRST_FRAGMENT;
        return 1;
    }
    /* Mobility, HIP and shim headers that end the chain are the packet's own protocol. */
    if ((next == PD_MOBILITY || next == PD_HIP || next == PD_SHIM6) && p[0] == PD_NO_NEXT) return 0;
    size = next == PD_AH ? ((__u32)p[1] + 2) * 4 : ((__u32)p[1] + 1) * 8;
    if (at + size > out->end) return -PD_REASON_MALFORMED;
    out->protocol = p[0];
    out->transport = at + size;
    return 1;
}

/* The IPv6 header at `offset`. */
PD_INLINE int pd_walk_ipv6(const struct pd_bytes *b, __u32 offset, struct pd_packet *out) {
    const __u8 *p = pd_at(b, offset, 40);
    __u32 payload;

    if (!p || (p[0] >> 4) != 6) return PD_REASON_MALFORMED;
    payload = pd_be16(p + 4);
    /* 0 stands for a jumbogram, whose length a hop-by-hop option tells (RFC 2675), and for a GSO packet above 65,535 bytes. */
    if (payload == 0 && (p[6] == PD_HOPOPTS || b->length > 65535)) payload = b->length - offset - 40;
    if (offset + 40 + payload > b->length) return PD_REASON_MALFORMED;
    out->family = PD_IPV6;
    out->protocol = p[6];
    out->transport = offset + 40;
    out->end = offset + 40 + payload;
    __builtin_memcpy(out->source, p + 8, 16);
    __builtin_memcpy(out->destination, p + 24, 16);
    return PD_WALK_OK;
}

/* The extension headers behind an IPv6 header. Mobile IPv6, HIP and others chain them in any order (RFC 8200, section 4.1). */
PD_INLINE int pd_walk_extensions(const struct pd_bytes *b, struct pd_packet *out) {
    for (int i = 0; i < PD_EXTENSIONS_MAX; i++) {
        int more = pd_walk_extension(b, out);
        if (more <= 0) return more ? -more : PD_WALK_OK;
    }
    return pd_is_extension(out->protocol) ? PD_REASON_EXTENSIONS : PD_WALK_OK;
}

/* Link and network headers. PD_WALK_OK, or the reason for which no rule can judge the frame. */
PD_INLINE int pd_walk_network(const struct pd_bytes *b, __u8 link, struct pd_packet *out) {
    __u32 offset = 0, i;
    const __u8 *p;

    if (link == PD_LINK_ETHERNET) {
        p = pd_at(b, 0, 14);
        if (!p) return PD_REASON_MALFORMED;
        out->ethertype = pd_be16(p + 12);
        offset = 14;
        for (i = 0; i <= PD_VLAN_TAGS_MAX; i++) {
            if (out->ethertype != 0x8100 && out->ethertype != 0x88a8 && out->ethertype != 0x9100) break;
            if (i == PD_VLAN_TAGS_MAX) return PD_REASON_EXTENSIONS;
            p = pd_at(b, offset, 4);
            if (!p) return PD_REASON_MALFORMED;
            out->ethertype = pd_be16(p + 2);
            offset += 4;
        }
    } else {
        p = pd_at(b, 0, 1);
        if (!p) return PD_REASON_MALFORMED;
        out->ethertype = (p[0] >> 4) == 4 ? 0x0800 : (p[0] >> 4) == 6 ? 0x86dd : 0;
        if (!out->ethertype) return PD_REASON_MALFORMED;
    }
    if (out->ethertype == 0x0800) return pd_walk_ipv4(b, offset, out);
    if (out->ethertype == 0x86dd) return pd_walk_ipv6(b, offset, out);
    return PD_REASON_NON_IP;
}

#ifndef __bpf__
/* The whole walk. The kernel takes the same three steps, each verified by itself. */
PD_INLINE int pd_walk(const struct pd_bytes *b, __u8 link, struct pd_packet *out) {
    int reason = pd_walk_network(b, link, out);
    if (reason == PD_WALK_OK && out->family == PD_IPV6) reason = pd_walk_extensions(b, out);
    return reason == PD_WALK_OK ? pd_walk_transport(b, out) : reason;
}
#endif

/* The packet an ICMP error speaks of, which starts at `offset`: as much of it as a connection's key needs. Routers may
 * cut it after 8 bytes of its transport header (RFC 792), so lengths are not held against it. */
PD_INLINE int pd_walk_inner(const struct pd_bytes *b, __u32 offset, __u8 family, struct pd_packet *out) {
    __u32 transport;
    const __u8 *p;

    if (family == PD_IPV4) {
        p = pd_at(b, offset, 20);
        if (!p || (p[0] >> 4) != 4 || (p[0] & 15) < 5) return PD_REASON_MALFORMED;
        if (pd_be16(p + 6) & 0x1fff) return PD_REASON_FRAGMENT;
        out->protocol = p[9];
        __builtin_memcpy(out->source, p + 12, 4);
        __builtin_memcpy(out->destination, p + 16, 4);
        transport = offset + (__u32)(p[0] & 15) * 4;
    } else {
        p = pd_at(b, offset, 40);
        if (!p || (p[0] >> 4) != 6) return PD_REASON_MALFORMED;
        out->protocol = p[6];
        __builtin_memcpy(out->source, p + 8, 16);
        __builtin_memcpy(out->destination, p + 24, 16);
        transport = offset + 40;
    }
    out->family = family;
    if (out->protocol == PD_TCP || out->protocol == PD_UDP || out->protocol == PD_SCTP) {
        p = pd_at(b, transport, 8);
        if (!p) return PD_REASON_MALFORMED;
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
    } else if (out->protocol == (family == PD_IPV4 ? PD_ICMP : PD_ICMPV6)) {
        p = pd_at(b, transport, 8);
        if (!p) return PD_REASON_MALFORMED;
        out->icmp_type = p[0];
        out->icmp_code = p[1];
        out->flags |= PD_PACKET_ICMP;
        if (p[0] == (family == PD_IPV4 ? 8 : 128)) out->source_port = out->destination_port = pd_be16(p + 4);
    }
    return PD_WALK_OK;
}
