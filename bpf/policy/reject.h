/* The answer to a rejected packet: a TCP reset (RFC 9293, section 3.5.2), otherwise ICMP "administratively prohibited" (RFC 1812,
 * section 5.2.7.1; RFC 4443, section 3.1).
 *
 * The rejected packet itself becomes the answer, with the packet's destination as its source: it is written anew and turned round
 * by bpf_redirect, so nothing but this program is needed for it. */
#pragma once
#include <bpf/bpf_endian.h>
#include "maps.h"

/* ICMP messages a CPU sends in a second at most: RFC 4443, section 2.4 (f) wants a limit, and a flood is no reason to make another. */
#define PD_ICMP_RATE 1000
/* For so long after a rejected packet its answer is let through. */
#define PD_REPLY_LIFE 1000000000ULL
/* How far behind its own transport header a packet may have that of a tunnelled one, whose checksum hardware is to complete. */
#define PD_INNER_MAX 512

PD_INLINE __u16 pd_fold(__u32 sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

/* Whether anybody may be told of the packet: its addresses are those of single hosts (RFC 1122, section 3.2.2), and it is neither a
 * later fragment nor itself an error or a reset. */
PD_INLINE int pd_may_answer(const struct pd_packet *p) {
    if (p->flags & (PD_PACKET_LATER_FRAGMENT | PD_PACKET_ICMP_ERROR)) return 0;
    if (p->protocol == PD_TCP && (p->tcp_flags & 4)) return 0;
    if (p->family == PD_IPV4) {
        if (p->source[0] == 0 || p->source[0] >= 224 || p->destination[0] == 0 || p->destination[0] >= 224) return 0;
    } else {
        __u8 any = 0;
        if (p->source[0] == 0xff || p->destination[0] == 0xff) return 0;
        for (int i = 0; i < 16; i++) any |= p->source[i];
        if (!any) return 0;
        /* Also those that are not known yet, and redirects (RFC 4443, section 2.4 (e)). */
        if ((p->flags & PD_PACKET_ICMP) && (p->icmp_type < 128 || p->icmp_type == 137)) return 0;
    }
    return 1;
}

PD_INLINE int pd_may_send_icmp(struct pd_answer *a) {
    __u64 second = bpf_ktime_get_coarse_ns() / 1000000000ULL;
    if (a->second != second) {
        a->second = second;
        a->sent = 0;
    }
    return a->sent++ < PD_ICMP_RATE;
}

/* The IP header of the answer, from the packet's destination to its source. */
PD_INLINE void pd_answer_ip(struct pd_answer *a, const struct pd_packet *p, __u8 protocol, __u8 class, __u32 length) {
    __builtin_memset(a->ip, 0, sizeof(a->ip));
    if (p->family == PD_IPV4) {
        __u8 *ip = a->ip + 20;
        __u16 sum;
        ip[0] = 0x45;
        ip[1] = class;
        ip[2] = (__u8)((length + 20) >> 8);
        ip[3] = (__u8)(length + 20);
        ip[6] = 0x40; /* not to be fragmented, so that it needs no identification (RFC 6864) */
        ip[8] = 64;
        ip[9] = protocol;
        __builtin_memcpy(ip + 12, p->destination, 4);
        __builtin_memcpy(ip + 16, p->source, 4);
        sum = pd_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)(a->ip + 20), 20, 0));
        __builtin_memcpy(ip + 10, &sum, 2);
    } else {
        a->ip[0] = 0x60 | class >> 4;
        a->ip[1] = (__u8)(class << 4);
        a->ip[4] = (__u8)(length >> 8);
        a->ip[5] = (__u8)length;
        a->ip[6] = protocol;
        a->ip[7] = 64;
        __builtin_memcpy(a->ip + 8, p->destination, 16);
        __builtin_memcpy(a->ip + 24, p->source, 16);
    }
}

/* The sum of the pseudo-header, of which ICMP over IPv4 has none. */
PD_INLINE __u32 pd_answer_pseudo(struct pd_answer *a, const struct pd_packet *p, __u8 protocol, __u32 length) {
    __u32 sum;
    if (protocol == PD_ICMP) return 0;
    if (p->family == PD_IPV4) sum = (__u32)bpf_csum_diff(0, 0, (__be32 *)(a->ip + 32), 8, 0);
    else sum = (__u32)bpf_csum_diff(0, 0, (__be32 *)(a->ip + 8), 32, 0);
    a->pseudo[0] = bpf_htonl(length);
    a->pseudo[1] = bpf_htonl(protocol);
    return (__u32)bpf_csum_diff(0, 0, a->pseudo, 8, sum);
}

/* A reset, as the side would send it that knows nothing of the connection. */
PD_INLINE __u32 pd_answer_reset(struct __sk_buff *skb, struct pd_answer *a, const struct pd_packet *p) {
    __u8 *to = a->transport, flags;
    __u32 sequence;
    __u16 sum;

    if (bpf_skb_load_bytes(skb, p->transport, to, 20)) return 0;
    flags = to[13];
    __builtin_memcpy(&sequence, to + 4, 4);
    sequence = bpf_htonl(bpf_ntohl(sequence) + (p->end - p->transport - (__u32)(to[12] >> 4) * 4) + ((flags >> 1) & 1) + (flags & 1));
    if (flags & 16) {
        __builtin_memcpy(to + 4, to + 8, 4);
        __builtin_memset(to + 8, 0, 4);
        to[13] = 4;
    } else {
        __builtin_memset(to + 4, 0, 4);
        __builtin_memcpy(to + 8, &sequence, 4);
        to[13] = 4 | 16;
    }
    to[0] = (__u8)(p->destination_port >> 8);
    to[1] = (__u8)p->destination_port;
    to[2] = (__u8)(p->source_port >> 8);
    to[3] = (__u8)p->source_port;
    to[12] = 5 << 4;
    __builtin_memset(to + 14, 0, 6);
    pd_answer_ip(a, p, PD_TCP, 0, 20);
    sum = pd_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)a->transport, 20, pd_answer_pseudo(a, p, PD_TCP, 20)));
    __builtin_memcpy(to + 16, &sum, 2);
    return 20;
}

/* An ICMP error that quotes the packet's network headers and 8 bytes of what is behind them. */
PD_INLINE __u32 pd_answer_icmp(struct __sk_buff *skb, struct pd_answer *a, const struct pd_packet *p, __u32 network) {
    __u8 *to = a->transport, protocol = p->family == PD_IPV4 ? PD_ICMP : PD_ICMPV6;
    __u32 end = p->transport + 8 < p->end ? p->transport + 8 : p->end, size = end - network, padded;
    __u16 sum;

    /* The ends of the sum are read as if they were filled up with zero. */
    for (__u32 i = 0; i < sizeof(a->transport) / 4; i++) ((__u32 *)a->transport)[i] = 0;
    if (size < 20 || size > PD_QUOTE_MAX) return 0;
    if (bpf_skb_load_bytes(skb, network, to + 8, size)) return 0;
    if (!pd_may_send_icmp(a)) return 0;
    to[0] = p->family == PD_IPV4 ? 3 : 1;
    to[1] = p->family == PD_IPV4 ? 13 : 1;
    size += 8;
    pd_answer_ip(a, p, protocol, 0xc0, size);
    padded = (size + 3) & ~3u;
    asm volatile("" : "+r"(padded));
    if (padded > sizeof(a->transport)) return 0;
    sum = pd_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)a->transport, padded, pd_answer_pseudo(a, p, protocol, size)));
    __builtin_memcpy(to + 2, &sum, 2);
    return size;
}

/* Remembers that an answer is on its way. An ICMP error is known again by what it quotes. */
PD_INLINE void pd_expect_reply(struct __sk_buff *skb, struct pd_scratch *s, const struct pd_packet *p, __u32 direction) {
    struct pd_reply_key *key = &s->reply_key;
    struct pd_reply reply = {.sent = bpf_ktime_get_coarse_ns()};

    __builtin_memset(key, 0, sizeof(*key));
    key->flow = s->flow.v6;
    key->interface = skb->ifindex;
    key->family = p->family;
    key->direction = !direction;
    bpf_map_update_elem(&policyd_reply, key, &reply, BPF_ANY);
}

/* 1 for an answer of ours. The flow in the scratch is that of the packet, or of the one it speaks of. */
PD_INLINE int pd_is_reply(struct __sk_buff *skb, struct pd_scratch *s, const struct pd_packet *p, __u32 direction) {
    struct pd_reply_key *key = &s->reply_key;
    struct pd_reply *reply;

    __builtin_memset(key, 0, sizeof(*key));
    key->flow = s->flow.v6;
    key->interface = skb->ifindex;
    key->family = p->family;
    key->direction = direction;
    reply = bpf_map_lookup_elem(&policyd_reply, key);
    return reply && bpf_ktime_get_coarse_ns() - reply->sent < PD_REPLY_LIFE;
}

/* Whether a packet is of the kinds that rejected packets are answered by. */
PD_INLINE int pd_may_be_reply(const struct pd_packet *p) {
    if (p->protocol == PD_TCP) return p->tcp_flags & 4;
    if (!(p->flags & PD_PACKET_ICMP_ERROR)) return 0;
    return p->family == PD_IPV4 ? p->icmp_type == 3 && p->icmp_code == 13 : p->icmp_type == 1 && p->icmp_code == 1;
}

/* Turns the packet in the scratch into the answer to it and sends it back. Where that cannot be, it is dropped. */
__attribute__((noinline)) int policyd_reject(struct __sk_buff *skb, __u32 direction, __u32 link) {
    struct pd_scratch *scratch = scratch_of();
    const struct pd_packet *p;
    struct pd_answer *a;
    __u32 network = link == PD_LINK_ETHERNET ? 14 : 0, header, size, gap;

    if (!scratch || !skb) return TC_ACT_SHOT;
    p = &scratch->packet;
    a = &scratch->answer;
    if (!pd_may_answer(p)) return TC_ACT_SHOT;
    /* Tags within the data: bpf_skb_adjust_room knows no network header there. */
    if (skb->protocol != bpf_htons(p->ethertype) || p->transport > PD_HEADERS_MAX) return TC_ACT_SHOT;
    if (link == PD_LINK_ETHERNET) {
        __u16 ethertype;
        if (bpf_skb_load_bytes(skb, 12, &ethertype, 2) || ethertype != bpf_htons(p->ethertype)) return TC_ACT_SHOT;
        if (bpf_skb_load_bytes(skb, 0, a->link + 6, 6) || bpf_skb_load_bytes(skb, 6, a->link, 6)) return TC_ACT_SHOT;
        /* To a group of stations: the address of a whole network is not known by itself. */
        if (a->link[6] & 1) return TC_ACT_SHOT;
    }
    header = p->family == PD_IPV4 ? 20 : 40;
    size = p->protocol == PD_TCP ? pd_answer_reset(skb, a, p) : pd_answer_icmp(skb, a, p, network);
    if (!size || size > sizeof(a->transport)) return TC_ACT_SHOT;

    /* The kernel may have left the checksum for hardware to complete, at the transport header or at that of a tunnelled packet
     * (CHECKSUM_PARTIAL), and would have it overwrite part of the answer. Taking away the front of the packet beyond that
     * place ends this (__skb_postpull_rcsum, commit 31b33dfb0a14); first the packet is made long enough for it, which also ends its
     * being a GSO packet. */
    gap = p->transport + PD_INNER_MAX;
    if (bpf_skb_change_tail(skb, network + header + size + gap, 0)) return TC_ACT_SHOT;
    if (bpf_skb_adjust_room(skb, -(__s32)gap, BPF_ADJ_ROOM_MAC, 0)) return TC_ACT_SHOT;
    size += header;
    asm volatile("" : "+r"(size));
    if (size < 20 || size > sizeof(a->transport) + 20) return TC_ACT_SHOT;
    if (p->family == PD_IPV4) {
        if (bpf_skb_store_bytes(skb, network, a->ip + 20, size, BPF_F_RECOMPUTE_CSUM)) return TC_ACT_SHOT;
    } else {
        if (bpf_skb_store_bytes(skb, network, a->ip, size, BPF_F_RECOMPUTE_CSUM)) return TC_ACT_SHOT;
    }
    if (link == PD_LINK_ETHERNET && bpf_skb_store_bytes(skb, 0, a->link, 12, BPF_F_RECOMPUTE_CSUM)) return TC_ACT_SHOT;
    pd_expect_reply(skb, scratch, p, direction);
    return (int)bpf_redirect(skb->ifindex, direction == PD_INGRESS ? 0 : BPF_F_INGRESS);
}
