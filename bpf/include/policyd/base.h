/* Types and small operations both sides agree on. */
#pragma once
#include <linux/types.h>

#ifdef __bpf__
#define PD_INLINE static __attribute__((always_inline)) inline
#else
#define PD_INLINE static inline
#endif

/* The layout of everything pinned. A daemon refuses kernel state of another version. */
#define PD_STATE_VERSION 4

enum pd_direction {
    PD_INGRESS = 0,
    PD_EGRESS = 1,
};

enum pd_family {
    PD_IPV4 = 0,
    PD_IPV6 = 1,
};

enum pd_verdict {
    PD_ALLOW = 0,
    PD_DENY = 1,
    PD_REJECT = 2, /* denied, and the sender is told */
};

/* Protocol numbers the programs treat in a way of their own (IANA assigned internet protocol numbers). */
enum pd_protocol {
    PD_HOPOPTS = 0,
    PD_ICMP = 1,
    PD_TCP = 6,
    PD_UDP = 17,
    PD_ROUTING = 43,
    PD_FRAGMENT = 44,
    PD_ESP = 50,
    PD_AH = 51,
    PD_ICMPV6 = 58,
    PD_NO_NEXT = 59,
    PD_DSTOPTS = 60,
    PD_SCTP = 132,
    PD_MOBILITY = 135,
    PD_HIP = 139,
    PD_SHIM6 = 140,
};

/* Why a packet was judged as it was. The number is also the packet's place in the counters when no rule judged it. */
enum pd_reason {
    PD_REASON_DEFAULT = 0,      /* no rule matched: allowed */
    PD_REASON_RULE = 1,         /* a rule matched; its number is in the event */
    PD_REASON_REVOKED = 2,      /* a connection that the policy in force no longer allows */
    PD_REASON_AUDIT = 3,        /* what a rule in audit mode would have done */
    PD_REASON_MALFORMED = 4,    /* a header is truncated or contradicts itself: denied */
    PD_REASON_FRAGMENT = 5,     /* a fragment whose first fragment is not known: denied */
    PD_REASON_EXTENSIONS = 6,   /* more VLAN tags or IPv6 extension headers than the walk allows: denied */
    PD_REASON_NON_IP = 7,       /* neither IPv4 nor IPv6: passes, counted by ethertype */
    PD_REASON_INTERNAL = 8,     /* the tables contradict themselves: denied, and a defect */
    PD_REASON_ESTABLISHED = 9,  /* belongs to an allowed connection */
    PD_REASON_RELATED = 10,     /* an ICMP error about an allowed connection */
    PD_REASON_REJECT_REPLY = 11, /* our own answer to a packet that a rule rejects: always passes */
    PD_LOST_EVENTS = 15,        /* no reason: the place where all lost events are counted once more */
    PD_REASONS = 16,            /* rule numbers start here */
};

/* No rule: the final allow, or a reason of its own. */
#define PD_NO_RULE 0xffffffffu

PD_INLINE __u16 pd_be16(const __u8 *p) { return (__u16)((p[0] << 8) | p[1]); }

/* Four bytes at a place that is a multiple of 4, as a number. */
PD_INLINE __u32 pd_be32_aligned(const __u8 *p) {
    __u32 v;
    __builtin_memcpy(&v, __builtin_assume_aligned(p, 4), 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

/* Keeps the compiler from what it would make of a value: it knows nothing of it from here on. */
#ifdef __bpf__
#define PD_APART(value) asm volatile("" : "+r"(value))
#else
#define PD_APART(value) (void)0
#endif

/* The number of trailing zero bits; v is not 0. The bpf instruction set has none of this before -mcpu=v4, so the kernel
 * side isolates the lowest bit and looks its place up by a de Bruijn product. */
#ifdef __bpf__
static const __u8 pd_ctz_places[64] = {
     0,  1,  2,  7,  3, 13,  8, 19,  4, 25, 14, 28,  9, 34, 20, 40,
     5, 17, 26, 38, 15, 46, 29, 48, 10, 31, 35, 54, 21, 50, 41, 57,
    63,  6, 12, 18, 24, 27, 33, 39, 16, 37, 45, 47, 30, 53, 49, 56,
    62, 11, 23, 32, 36, 44, 52, 55, 61, 22, 43, 51, 60, 42, 59, 58,
};
PD_INLINE __u32 pd_ctz(__u64 v) {
    __u32 place = pd_ctz_places[((v & -v) * 0x0218a392cd3d5dbfULL) >> 58];
    /* The compiler knows that the table holds nothing above 63 and drops the mask; the verifier does not know, and wants it. */
    PD_APART(place);
    return place & 63;
}
#else
PD_INLINE __u32 pd_ctz(__u64 v) { return (__u32)__builtin_ctzll(v); }
#endif

PD_INLINE __u32 pd_popcount(__u64 v) {
    __u32 count;
    v = v - ((v >> 1) & 0x5555555555555555ULL);
    v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
    count = (__u32)((v * 0x0101010101010101ULL) >> 56);
    /* Else the compiler compares the product, before it is shifted, and the verifier does not see what that says of the count. */
    PD_APART(count);
    return count;
}
