/* The header walk: from the bytes of a frame to the fields that policies speak of.
 *
 * It never guesses. A header that is cut off or contradicts itself makes the packet malformed, and what follows a
 * fragment's offset or an unknown header is not read as ports. docs/packets.md tells what becomes of which packet.
 * Sources: RFC 791, 768, 9293, 792, 8200, 4443, 4302, 2675, 5095, 9260, IEEE 802.1Q. */
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
/* The length field of an IP header counts no further, nor may what fragments are put together to. */
#define PD_LENGTH_MAX 65535
/* What frames of IEEE 802.3 count as, whose type field is a length: ETH_P_802_2 of linux/if_ether.h. */
#define PD_ETHERTYPE_802_2 0x0004

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
    __u32 fragment_data;   /* offset, from the frame's start, of what was cut into fragments; 0: not a fragment */
    __u32 fragment_offset; /* where this one has its place in the whole, in bytes */
    __u32 transport;       /* offset of the transport header from the frame's start */
    __u32 end;             /* where the IP packet ends, likewise */
    __u32 payload;         /* where the transport header ends, likewise; where it begins if none is looked at */
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

/* Flags that a TCP segment may have together. No segment begins a connection and ends it, and all but the first carry ACK, or
 * else RST (RFC 9293, section 3.10.7): others are made to find out what gets through. */
PD_INLINE int pd_tcp_flags_are_possible(__u8 flags) {
    if ((flags & 2) && (flags & (1 | 4))) return 0;
    return flags & (2 | 4 | 16);
}

/* Transport headers, from `transport` to `end`. A first fragment has its transport header whole (RFC 8200, section 4.5; RFC 1858). */
PD_INLINE int pd_walk_transport(const struct pd_bytes *b, struct pd_packet *out) {
    __u32 offset = out->transport, end = out->end, left, size;
    const __u8 *p;

    if (out->flags & PD_PACKET_LATER_FRAGMENT) return PD_WALK_OK;
    if (end < offset) return PD_REASON_MALFORMED;
    if (offset > PD_HEADERS_MAX - 20) return PD_REASON_EXTENSIONS;
    left = end - offset;
    out->payload = offset;
    switch (out->protocol) {
    case PD_TCP:
        if (left < 20) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 20);
        if (!p) return PD_REASON_MALFORMED;
        size = (__u32)(p[12] >> 4) * 4;
        if (size < 20 || size > left || !pd_tcp_flags_are_possible(p[13])) return PD_REASON_MALFORMED;
        out->tcp_flags = p[13];
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
        out->payload = offset + size;
        return PD_WALK_OK;
    case PD_UDP:
        if (left < 8) return PD_REASON_MALFORMED;
        p = pd_at(b, offset, 8);
        if (!p) return PD_REASON_MALFORMED;
        size = pd_be16(p + 4);
        /* A length of 0 stands for one that the field cannot say (RFC 2675). */
        if (size < 8 && (size || left <= PD_LENGTH_MAX)) return PD_REASON_MALFORMED;
        if (!(out->flags & PD_PACKET_FIRST_FRAGMENT) && size > left) return PD_REASON_MALFORMED;
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
        return PD_WALK_OK;
    }
}

/* Notes that the packet is a fragment, which holds the whole's bytes from `place` on between `data` and `end`. Malformed when that
 * cannot be: every fragment but the last is a multiple of 8 bytes long, none is empty, and none reaches beyond what a length can say. */
PD_INLINE int pd_fragment_at(struct pd_packet *out, __u32 data, __u32 place, int more) {
    __u32 left = out->end - data;
    if (out->end <= data || (more && left % 8) || place + left > PD_LENGTH_MAX) return PD_REASON_MALFORMED;
    out->fragment_data = data;
    out->fragment_offset = place;
    out->flags |= place ? PD_PACKET_LATER_FRAGMENT : PD_PACKET_FIRST_FRAGMENT;
    return PD_WALK_OK;
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
    if (total == 0 && b->length > offset + PD_LENGTH_MAX) total = b->length - offset;
    if ((p[0] >> 4) != 4 || header < 20 || total < header || offset + total > b->length) return PD_REASON_MALFORMED;
    out->family = PD_IPV4;
    out->protocol = p[9];
    __builtin_memcpy(out->source, p + 12, 4);
    __builtin_memcpy(out->destination, p + 16, 4);
    fragment = pd_be16(p + 6);
    out->fragment_id = pd_be16(p + 4);
    out->transport = offset + header;
    out->end = offset + total;
    if (fragment & 0x3fff) return pd_fragment_at(out, offset + header, (__u32)(fragment & 0x1fff) * 8, fragment & 0x2000);
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
        /* No fragment is cut once more. */
        if (out->fragment_data) return -PD_REASON_MALFORMED;
        out->fragment_id = ((__u32)pd_be16(p + 4) << 16) | pd_be16(p + 6);
        out->protocol = p[0];
        out->transport = at + 8;
        /* Neither an offset nor more to come: whole, and the header of no consequence (RFC 6946). */
        if (!(fragment & 0xfff9)) {
            out->fragment_data = at + 8;
            return 1;
        }
        if (pd_fragment_at(out, at + 8, fragment & 0xfff8, fragment & 1) != PD_WALK_OK) return -PD_REASON_MALFORMED;
        return fragment & 0xfff8 ? 0 : 1;
    }
    /* It would go to one more place than its header says (RFC 5095). */
    if (next == PD_ROUTING && p[2] == 0 && p[3]) return -PD_REASON_MALFORMED;
    /* Mobility, HIP and shim headers that end the chain are the packet's own protocol. */
    if ((next == PD_MOBILITY || next == PD_HIP || next == PD_SHIM6) && p[0] == PD_NO_NEXT) return 0;
    size = next == PD_AH ? ((__u32)p[1] + 2) * 4 : ((__u32)p[1] + 1) * 8;
    if (at + size > out->end || (next == PD_AH && size < 12)) return -PD_REASON_MALFORMED;
    out->protocol = p[0];
    out->transport = at + size;
    return 1;
}

/* The IPv6 header at `offset`. */
PD_INLINE int pd_walk_ipv6(const struct pd_bytes *b, __u32 offset, struct pd_packet *out) {
    const __u8 *p = pd_at(b, offset, 40);
    __u32 payload, left;

    if (!p || (p[0] >> 4) != 6 || b->length < offset + 40) return PD_REASON_MALFORMED;
    left = b->length - offset - 40;
    payload = pd_be16(p + 4);
    if (payload == 0 && p[6] == PD_HOPOPTS) {
        /* A jumbogram, whose length is in its first option (RFC 2675): type 194, 4 bytes. So Linux says that of GSO packets, too. */
        const __u8 *h = pd_at(b, offset + 40, 8);
        if (!h || h[2] != 194 || h[3] != 4) return PD_REASON_MALFORMED;
        payload = (__u32)pd_be16(h + 4) << 16 | pd_be16(h + 6);
        if (payload <= PD_LENGTH_MAX) return PD_REASON_MALFORMED;
    } else if (payload == 0 && left > PD_LENGTH_MAX) payload = left; /* a GSO packet without that option */
    if (payload > left) return PD_REASON_MALFORMED;
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
        int more;
        /* Options for every hop stand before all others, where every hop looks. */
        if (i && out->protocol == PD_HOPOPTS) return PD_REASON_MALFORMED;
        more = pd_walk_extension(b, out);
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
        if (out->ethertype < 0x0600) out->ethertype = PD_ETHERTYPE_802_2;
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

/* The packet an ICMP error speaks of, which follows its header: as much of it as a connection's key needs. Routers may
 * cut it after 8 bytes of its transport header (RFC 792), so lengths are not held against it. */
PD_INLINE int pd_walk_inner(const struct pd_bytes *b, const struct pd_packet *error, struct pd_packet *out) {
    __u32 offset = error->payload, end = error->end, transport;
    const __u8 *p;

    out->family = error->family;
    out->end = end;
    if (error->family == PD_IPV4) {
        p = pd_at(b, offset, 20);
        if (!p || offset + 20 > end || (p[0] >> 4) != 4 || (p[0] & 15) < 5) return PD_REASON_MALFORMED;
        if (pd_be16(p + 6) & 0x1fff) return PD_REASON_FRAGMENT;
        out->protocol = p[9];
        __builtin_memcpy(out->source, p + 12, 4);
        __builtin_memcpy(out->destination, p + 16, 4);
        out->transport = offset + (__u32)(p[0] & 15) * 4;
    } else {
        int reason;
        p = pd_at(b, offset, 40);
        if (!p || offset + 40 > end || (p[0] >> 4) != 6) return PD_REASON_MALFORMED;
        out->protocol = p[6];
        __builtin_memcpy(out->source, p + 8, 16);
        __builtin_memcpy(out->destination, p + 24, 16);
        out->transport = offset + 40;
        reason = pd_walk_extensions(b, out);
        if (reason != PD_WALK_OK) return reason;
        if (out->flags & PD_PACKET_LATER_FRAGMENT) return PD_REASON_FRAGMENT;
    }
    /* Errors go to who sent the packet; this one is forged. */
    for (int i = 0; i < 16; i++)
        if (out->source[i] != error->destination[i]) return PD_REASON_MALFORMED;
    transport = out->transport;
    if (out->protocol == PD_TCP || out->protocol == PD_UDP || out->protocol == PD_SCTP) {
        p = pd_at(b, transport, 8);
        if (!p || transport + 8 > end) return PD_REASON_MALFORMED;
        out->source_port = pd_be16(p);
        out->destination_port = pd_be16(p + 2);
        out->flags |= PD_PACKET_PORTS;
    } else if (out->protocol == (error->family == PD_IPV4 ? PD_ICMP : PD_ICMPV6)) {
        __u8 request = error->family == PD_IPV4 ? 8 : 128, reply = error->family == PD_IPV4 ? 0 : 129;
        p = pd_at(b, transport, 8);
        if (!p || transport + 8 > end) return PD_REASON_MALFORMED;
        out->icmp_type = p[0];
        out->icmp_code = p[1];
        out->flags |= PD_PACKET_ICMP;
        if (p[0] == request || p[0] == reply) out->source_port = out->destination_port = pd_be16(p + 4);
    }
    return PD_WALK_OK;
}
