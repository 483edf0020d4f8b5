/* From a packet's fields to the rule that judges it. */
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
    __u8 remote[16];
    __u8 local[16];
};

/* Where the tables lie. The kernel side has maps instead. */
struct pd_tables {
    const struct pd_header *header;
    const struct pd_block *blocks;
    const struct pd_class *classes;
    const struct pd_chunk *chunks;
    const struct pd_rule *rules;
    const struct pd_interface *interface; /* of the packet's interface; NULL where no rule names one */
    __u32 block_count;
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
PD_INLINE const struct pd_block *pd_block_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index);
PD_INLINE __u64 pd_now(const struct pd_tables *t);
#else
PD_INLINE const struct pd_block *pd_block_at(const struct pd_tables *t, __u32 i) { return i < t->block_count ? t->blocks + i : 0; }
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i) { return i < t->class_count ? t->classes + i : 0; }
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i) { return i < t->chunk_count ? t->chunks + i : 0; }
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i) { return i < t->rule_count ? t->rules + i : 0; }
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index) { (void)index; return t->interface; }
PD_INLINE __u64 pd_now(const struct pd_tables *t) { return t->now; }
#endif

/* A class that cannot be: the tables contradict themselves. */
#define PD_CLASS_BROKEN 0xffffffffu

/* Follows a trie over `length` bytes of a value to its class. */
PD_INLINE __u32 pd_trie(const struct pd_tables *t, __u32 root, const __u8 *value, __u32 length) {
    __u32 at = root, depth = 0;
    if (at & PD_LEAF) return at & ~PD_LEAF;
    if (at & PD_WIDE) {
        at = (at & PD_INDEX) + value[0];
        depth = 1;
    }
    for (; depth < length; depth++) {
        const struct pd_block *block = pd_block_at(t, at);
        if (!block) return PD_CLASS_BROKEN;
        at = block->entry[value[depth]];
        if (at & PD_LEAF) return at & ~PD_LEAF;
    }
    return PD_CLASS_BROKEN;
}

/* The class of protocol and destination port, or ICMP type and code. */
PD_INLINE __u32 pd_transport_class(const struct pd_tables *t, __u32 root, const struct pd_query *q) {
    __u8 value[3] = {q->protocol, (__u8)(q->destination_port >> 8), (__u8)q->destination_port};
    return pd_trie(t, root, value, 3);
}

/* At most so many steps are taken: each chunk and word of the largest classifier once, the rule that is found, the end, and one
 * for each rule that was met and does not decide: in audit mode, expired, or one of 3 passes. The compiler refuses what is larger. */
#define PD_RULES_MAX 65536
#define PD_RESUMES_MAX 4096
#define PD_SCAN_STEPS_OF(rules, resumes) ((rules) / 64 + (rules) / PD_CHUNK_RULES + 2 + 3 + (resumes))
#define PD_SCAN_STEPS PD_SCAN_STEPS_OF(PD_RULES_MAX, PD_RESUMES_MAX)

/* The same where the kernel has no bpf_loop (before Linux 5.17): what its verifier can follow through a written-out loop. */
#define PD_RULES_MAX_SMALL 4096
#define PD_RESUMES_MAX_SMALL 26
#define PD_SCAN_STEPS_SMALL PD_SCAN_STEPS_OF(PD_RULES_MAX_SMALL, PD_RESUMES_MAX_SMALL)

#define PD_FIELDS 5

/* The search for the first bit that the vectors of all fields share. */
struct pd_scan {
    struct pd_class of[PD_FIELDS]; /* `reserved` is 1 for a class that satisfies every rule and has no vector */
    __u32 chunk[PD_FIELDS];        /* the chunk of each vector being looked at */
    __u64 top;                     /* chunks to be looked at */
    __u64 summary;                 /* words of this chunk to be looked at */
    __u64 word;                    /* bits of this word to be looked at */
    __u32 c, w;                    /* this chunk, this word */
    __u32 from;                    /* rules before it are passed over */
    __u32 rules, rule_base;
    __u32 found;                   /* where the rule is, once done */
    __u32 reason;                  /* PD_SCAN_RUNNING until done */
    __u32 expires;                 /* when the first of the passes that were taken expires */
    __u32 audits;
    __u32 audit[PD_AUDITS];
};

#define PD_SCAN_RUNNING 0xff

/* Adds a field's class to the intersection. Returns 0 when nothing can match any more, -1 when the tables are broken. */
PD_INLINE int pd_scan_add(const struct pd_tables *t, struct pd_scan *s, struct pd_class *of, __u32 class_id) {
    const struct pd_class *c;
    if (class_id == PD_CLASS_ALL) {
        of->top = ~0ULL;
        of->first = 0;
        of->reserved = 1;
        return 1;
    }
    c = pd_class_at(t, class_id);
    if (!c) return -1;
    of->top = c->top;
    of->first = c->first;
    of->reserved = 0;
    s->top &= c->top;
    return s->top != 0;
}

/* Chunk `c` of a class: the empty ones before it are not stored. */
PD_INLINE __u32 pd_chunk_number(const struct pd_class *k, __u32 c) {
    return c ? k->first + pd_popcount(k->top & ((1ULL << (c & 63)) - 1)) : k->first;
}

PD_INLINE int pd_scan_end(struct pd_scan *s, __u32 reason) {
    s->reason = reason;
    return 1;
}

/* The earlier of two times of expiry, of which 0 is never. */
PD_INLINE __u32 pd_sooner(__u32 a, __u32 b) { return a && (!b || a < b) ? a : b; }

/* The next bit of the word at hand. */
PD_INLINE int pd_scan_bit(const struct pd_tables *t, struct pd_scan *s) {
    __u32 place = (s->c << 12) + (s->w << 6) + pd_ctz(s->word), from;
    const struct pd_rule *rule = pd_rule_at(t, s->rule_base + place);
    if (!rule) return pd_scan_end(s, PD_REASON_INTERNAL);
    if (rule->expires && rule->expires <= pd_now(t)) {
        /* Where every field's class is PD_CLASS_ALL, the bits do not say where the rules end. */
        if (place + 1 >= s->rules) return pd_scan_end(s, PD_REASON_DEFAULT);
        s->word &= s->word - 1;
        return 0;
    }
    if (rule->action != PD_ACTION_NEXT) {
        s->found = s->rule_base + place;
        return pd_scan_end(s, PD_REASON_RULE);
    }
    if (rule->audit) {
        if (s->audits < PD_AUDITS) s->audit[s->audits & (PD_AUDITS - 1)] = s->rule_base + place;
        s->audits++;
    } else s->expires = pd_sooner(s->expires, rule->expires);
    from = rule->next;
    if (from >= s->rules) return pd_scan_end(s, PD_REASON_DEFAULT);
    /* Bits below `from` are dropped here where they are at hand, and below when their word is loaded. */
    s->from = from;
    s->top &= ~0ULL << ((from >> 12) & 63);
    if (from >> 12 != s->c) {
        s->summary = 0;
        s->word = 0;
    } else if (from >> 6 != place >> 6) {
        s->summary &= ~0ULL << ((from >> 6) & 63);
        s->word = 0;
    } else s->word &= ~0ULL << (from & 63);
    return 0;
}

PD_INLINE int pd_scan_word(const struct pd_tables *t, struct pd_scan *s) {
    __u64 word = ~0ULL;
    __u32 w = pd_ctz(s->summary);
    s->summary &= s->summary - 1;
    for (int i = 0; i < PD_FIELDS; i++) {
        const struct pd_chunk *chunk;
        if (s->of[i].reserved) continue;
        chunk = pd_chunk_at(t, s->chunk[i]);
        if (!chunk) return pd_scan_end(s, PD_REASON_INTERNAL);
        word &= chunk->word[w];
    }
    if ((s->c << 6) + w == s->from >> 6) word &= ~0ULL << (s->from & 63);
    s->w = w;
    s->word = word;
    return 0;
}

PD_INLINE int pd_scan_chunk(const struct pd_tables *t, struct pd_scan *s) {
    __u64 summary = ~0ULL;
    __u32 c;
    if (!s->top) return pd_scan_end(s, PD_REASON_DEFAULT);
    c = pd_ctz(s->top);
    s->top &= s->top - 1;
    for (int i = 0; i < PD_FIELDS; i++) {
        const struct pd_chunk *chunk;
        if (s->of[i].reserved) continue;
        s->chunk[i] = pd_chunk_number(&s->of[i], c);
        chunk = pd_chunk_at(t, s->chunk[i]);
        if (!chunk) return pd_scan_end(s, PD_REASON_INTERNAL);
        summary &= chunk->summary;
    }
    if (c == s->from >> 12) summary &= ~0ULL << ((s->from >> 6) & 63);
    s->c = c;
    s->summary = summary;
    return 0;
}

/* One step of the search. Returns 1 when it is done. */
PD_INLINE int pd_scan_step(const struct pd_tables *t, struct pd_scan *s) {
    if (s->word) return pd_scan_bit(t, s);
    if (s->summary) return pd_scan_word(t, s);
    return pd_scan_chunk(t, s);
}

#ifdef __bpf__
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s);
#else
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s) {
    for (int i = 0; i < PD_SCAN_STEPS; i++)
        if (pd_scan_step(t, s)) return;
}
#endif

/* The classes of a query's fields. Returns 1 when rules may match, 0 when none can, -1 when the tables are broken. */
PD_INLINE int pd_scan_begin(const struct pd_tables *t, const struct pd_classifier *k, const struct pd_query *q, struct pd_scan *s) {
    __u32 length = q->family == PD_IPV4 ? 4 : 16, id;
    int more;

    s->top = ~0ULL;
    more = pd_scan_add(t, s, &s->of[0], pd_transport_class(t, k->transport, q));
    if (more <= 0) return more;
    more = pd_scan_add(t, s, &s->of[1], pd_trie(t, k->remote, q->remote, length));
    if (more <= 0) return more;
    more = pd_scan_add(t, s, &s->of[2], pd_trie(t, k->local, q->local, length));
    if (more <= 0) return more;
    id = PD_CLASS_ALL;
    if (q->has_ports) {
        __u8 value[2] = {(__u8)(q->source_port >> 8), (__u8)q->source_port};
        id = pd_trie(t, k->source, value, 2);
    }
    more = pd_scan_add(t, s, &s->of[3], id);
    if (more <= 0) return more;
    id = PD_CLASS_ALL;
    if (k->interfaces) {
        const struct pd_interface *interface = pd_interface_at(t, q->interface);
        id = interface ? interface->class_of[q->direction & 1][q->family & 1] : PD_CLASS_BROKEN;
    }
    more = pd_scan_add(t, s, &s->of[4], id);
    if (more <= 0) return more;
    /* Where every field's class is PD_CLASS_ALL, the vectors do not say where the rules end. */
    s->top &= (1ULL << (((k->rules + PD_CHUNK_RULES - 1) / PD_CHUNK_RULES) & 63)) - 1;
    s->summary = 0;
    s->word = 0;
    s->c = s->w = s->from = 0;
    s->rules = k->rules;
    s->rule_base = k->rule_base;
    s->found = 0;
    for (int i = 0; i < PD_AUDITS; i++) s->audit[i] = 0;
    s->reason = PD_SCAN_RUNNING;
    s->audits = 0;
    s->expires = 0;
    return 1;
}

/* Judges a query by the tables: the compiled engine, and the kernel's-> `s` is room to work in. */
PD_INLINE void pd_classify(const struct pd_tables *t, const struct pd_header *header, const struct pd_query *q, struct pd_scan *s,
                           struct pd_match *match) {
    const struct pd_classifier *k = &header->classifier[q->direction & 1][q->family & 1];
    const struct pd_rule *rule;
    int more;

    match->rule = PD_NO_RULE;
    match->action = PD_ACTION_ALLOW;
    match->log = PD_LOG_NONE;
    match->reason = PD_REASON_DEFAULT;
    match->audits = 0;
    match->expires = 0;
    match->since = 0;
    if (!k->rules) return;
    more = pd_scan_begin(t, k, q, s);
    if (more == 0) return;
    if (more > 0) {
        pd_scan_run(t, s);
        match->audits = (__u8)(s->audits < 255 ? s->audits : 255);
        for (int i = 0; i < PD_AUDITS; i++) match->audit[i] = s->audit[i];
        match->expires = s->expires;
        if (s->reason == PD_REASON_DEFAULT) return;
        rule = pd_rule_at(t, s->found);
        if (s->reason == PD_REASON_RULE && rule) {
            match->rule = rule->number;
            match->action = rule->action;
            match->log = rule->log;
            match->expires = pd_sooner(s->expires, rule->expires);
            match->since = rule->since;
            match->reason = PD_REASON_RULE;
            return;
        }
    }
    match->reason = PD_REASON_INTERNAL;
    match->action = PD_ACTION_DENY;
}
