/* The header walk for the most common packets: TCP and UDP in whole, without VLAN tags, IPv4 options or IPv6 extension headers.
 *
 * What it takes, the walk of packet.h takes too and finds the same in; a test holds both against each other. Everything else is left to
 * that one. */
#pragma once
#include "connection.h"

/* 2, 4 and 8 bytes of a packet as they lie there, with one load each: both x86-64 and arm64 may load from anywhere. */
#ifdef __bpf__
#define PD_LOAD(type, p) (*(const type *)(p))
#else
#define PD_LOAD(type, p)                       \
    ({                                         \
        type v_;                               \
        __builtin_memcpy(&v_, (p), sizeof(v_)); \
        v_;                                    \
    })
#endif

PD_INLINE __u16 pd_load_be16(const __u8 *p) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap16(PD_LOAD(__u16, p));
#else
    return PD_LOAD(__u16, p);
#endif
}

/* Two words as they lie one behind the other. Keys are written in whole words: a load of bytes that were stored in parts has to wait
 * until they have reached the cache, which costs as much as looking the key up. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PD_PAIR(first, second) ((__u64)(first) | (__u64)(second) << 32)
#define PD_HALVES(first, second) ((__u32)(first) | (__u32)(second) << 16)
#define PD_FIRST_BYTE(byte) ((__u32)(byte))
#else
#define PD_PAIR(first, second) ((__u64)(first) << 32 | (__u64)(second))
#define PD_HALVES(first, second) ((__u32)(first) << 16 | (__u32)(second))
#define PD_FIRST_BYTE(byte) ((__u32)(byte) << 24)
#endif

/* The last 8 bytes of both kinds of key: remote_port, local_port, protocol and what is reserved. */
PD_INLINE __u64 pd_flow_tail(const __u8 *transport, int outward, __u8 protocol) {
    __u16 from = pd_load_be16(transport), to = pd_load_be16(transport + 2);
    return PD_PAIR(outward ? PD_HALVES(to, from) : PD_HALVES(from, to), PD_FIRST_BYTE(protocol));
}

/* 1 for a whole transport header, in the linear part, of a packet that has `left` bytes from there on. */
PD_INLINE int pd_quick_transport(const struct pd_bytes *b, const __u8 *p, __u8 protocol, __u32 left, __u8 *tcp_flags) {
    if (protocol == PD_TCP) {
        __u32 size;
        if (left < 20 || p + 20 > b->end) return 0;
        size = (__u32)(p[12] >> 4) * 4;
        *tcp_flags = p[13];
        return size >= 20 && size <= left && pd_tcp_flags_are_possible(p[13]);
    }
    if (protocol != PD_UDP || left < 8 || p + 8 > b->end) return 0;
    *tcp_flags = 0;
    return pd_load_be16(p + 4) >= 8 && pd_load_be16(p + 4) <= left;
}

PD_INLINE int pd_quick_ipv4(const struct pd_bytes *b, const __u8 *p, __u32 left, int outward, struct pd_flow4 *flow, __u8 *tcp_flags) {
    const __u8 *t = p + 20;
    __u32 total, source, destination;
    __u64 addresses, tail;

    if (t > b->end) return 0;
    total = pd_load_be16(p + 2);
    /* Neither of the fragment flags and offset: bit 15 of them means nothing, bit 14 forbids what is not there. */
    if (p[0] != 0x45 || total < 20 || total > left || (pd_load_be16(p + 6) & 0x3fff)) return 0;
    if (!pd_quick_transport(b, t, p[9], total - 20, tcp_flags)) return 0;
    source = PD_LOAD(__u32, p + 12);
    destination = PD_LOAD(__u32, p + 16);
    addresses = outward ? PD_PAIR(destination, source) : PD_PAIR(source, destination);
    tail = pd_flow_tail(t, outward, p[9]);
    __builtin_memcpy(flow, &addresses, 8);
    __builtin_memcpy((__u8 *)flow + 8, &tail, 8);
    return 1;
}

PD_INLINE int pd_quick_ipv6(const struct pd_bytes *b, const __u8 *p, __u32 left, int outward, struct pd_flow6 *flow, __u8 *tcp_flags) {
    const __u8 *t = p + 40;
    __u32 payload;
    __u64 tail;

    if (t > b->end) return 0;
    payload = pd_load_be16(p + 4);
    if ((p[0] >> 4) != 6 || payload == 0 || 40 + payload > left) return 0;
    if (!pd_quick_transport(b, t, p[6], payload, tcp_flags)) return 0;
    for (int i = 0; i < 2; i++) {
        __u64 source = PD_LOAD(__u64, p + 8 + 8 * i), destination = PD_LOAD(__u64, p + 24 + 8 * i);
        __builtin_memcpy(flow->remote + 8 * i, outward ? &destination : &source, 8);
        __builtin_memcpy(flow->local + 8 * i, outward ? &source : &destination, 8);
    }
    tail = pd_flow_tail(t, outward, p[6]);
    __builtin_memcpy((__u8 *)flow + 32, &tail, 8);
    return 1;
}

_Static_assert(sizeof(struct pd_flow4) == 16 && sizeof(struct pd_flow6) == 40, "keys are whole words, without padding");

/* What the quick walk says of a frame: a family, or that the whole walk is needed. */
#define PD_QUICK_NOT (-1)

/* The key of a frame's connection, and its TCP flags. `outward`: it leaves the host. */
PD_INLINE int pd_quick_walk(const struct pd_bytes *b, __u8 link, int outward, union pd_flow *flow, __u8 *tcp_flags) {
    const __u8 *p = b->data;
    __u32 left = b->length;
    int family;

    if (link == PD_LINK_ETHERNET) {
        __u16 type;
        if (p + 14 > b->end) return PD_QUICK_NOT;
        type = pd_load_be16(p + 12);
        family = type == 0x0800 ? PD_IPV4 : type == 0x86dd ? PD_IPV6 : PD_QUICK_NOT;
        p += 14;
        left -= 14;
    } else {
        if (p + 1 > b->end) return PD_QUICK_NOT;
        family = (p[0] >> 4) == 4 ? PD_IPV4 : PD_IPV6;
    }
    if (family == PD_IPV4) return pd_quick_ipv4(b, p, left, outward, &flow->v4, tcp_flags) ? family : PD_QUICK_NOT;
    if (family == PD_IPV6) return pd_quick_ipv6(b, p, left, outward, &flow->v6, tcp_flags) ? family : PD_QUICK_NOT;
    return PD_QUICK_NOT;
}
