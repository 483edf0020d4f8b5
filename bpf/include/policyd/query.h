/* What is asked of the rules, where their tables lie, and what is answered. */
#pragma once
#include "tables.h"

/* What rules are matched against. Addresses in network byte order, IPv4 in the first four bytes; ports in host order. */
struct pd_query {
    __u8 direction; /* enum pd_direction */
    __u8 family;    /* enum pd_family */
    __u8 protocol;
    __u8 has_ports; /* 1: tcp, udp, sctp */
    __u16 source_port;
    __u16 destination_port; /* for ICMP: type in the high byte, code in the low */
    __u32 interface;        /* index */
    __u8 remote[16];        /* at a multiple of 4 bytes, as is `local` */
    __u8 local[16];
};

/* Where the tables lie. The kernel side has maps instead. */
struct pd_tables {
    const struct pd_header *header;
    const struct pd_line *cells;
    const struct pd_class *classes;
    const struct pd_chunk *chunks;
    const struct pd_rule *rules;
    const struct pd_interface *interface; /* of the packet's interface; NULL where no rule names one */
    __u32 line_count;
    __u32 class_count;
    __u32 chunk_count;
    __u32 rule_count;
    __u64 now; /* seconds since 1970 */
};

/* What was found. */
struct pd_match {
    __u32 rule;   /* the rule's number, or PD_NO_RULE */
    __u8 action;  /* PD_ACTION_ALLOW, PD_ACTION_DENY or PD_ACTION_REJECT */
    __u8 log;     /* enum pd_log */
    __u8 reason;  /* PD_REASON_RULE, PD_REASON_DEFAULT or PD_REASON_INTERNAL */
    __u8 audits;  /* audit matches on the way, at most PD_AUDITS of them kept */
    __u32 audit[4];
    __u32 expires; /* when the first of the rules that led here expires; 0: none does */
    __u32 since;   /* the rule's */
};
#define PD_AUDITS 4

#ifdef __bpf__
PD_INLINE const struct pd_line *pd_line_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index);
PD_INLINE __u64 pd_now(const struct pd_tables *t);
#else
PD_INLINE const struct pd_line *pd_line_at(const struct pd_tables *t, __u32 i) { return i < t->line_count ? t->cells + i : 0; }
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i) { return i < t->class_count ? t->classes + i : 0; }
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i) { return i < t->chunk_count ? t->chunks + i : 0; }
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i) { return i < t->rule_count ? t->rules + i : 0; }
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index) { (void)index; return t->interface; }
PD_INLINE __u64 pd_now(const struct pd_tables *t) { return t->now; }
#endif
