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
    __u8 remote[16];        /* at a multiple of 4 bytes, as is `local` */
    __u8 local[16];
};

/* Where the tables lie. The kernel side has maps instead. */
struct pd_tables {
    const struct pd_header *header;
    const struct pd_cell *cells;
    const struct pd_class *classes;
    const struct pd_chunk *chunks;
    const struct pd_rule *rules;
    const struct pd_interface *interface; /* of the packet's interface; NULL where no rule names one */
    __u32 cell_count;
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
PD_INLINE const struct pd_cell *pd_cell_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i);
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index);
PD_INLINE __u64 pd_now(const struct pd_tables *t);
#else
PD_INLINE const struct pd_cell *pd_cell_at(const struct pd_tables *t, __u32 i) { return i < t->cell_count ? t->cells + i : 0; }
PD_INLINE const struct pd_class *pd_class_at(const struct pd_tables *t, __u32 i) { return i < t->class_count ? t->classes + i : 0; }
PD_INLINE const struct pd_chunk *pd_chunk_at(const struct pd_tables *t, __u32 i) { return i < t->chunk_count ? t->chunks + i : 0; }
PD_INLINE const struct pd_rule *pd_rule_at(const struct pd_tables *t, __u32 i) { return i < t->rule_count ? t->rules + i : 0; }
PD_INLINE const struct pd_interface *pd_interface_at(const struct pd_tables *t, __u32 index) { (void)index; return t->interface; }
PD_INLINE __u64 pd_now(const struct pd_tables *t) { return t->now; }
#endif

/* A class that cannot be: the tables contradict themselves. */
#define PD_CLASS_BROKEN 0x7fffffffu

/* The cell of a list, from `first` on, that holds the last key not above `key`; the list's first cell if there is none.
 * Counts instead of branching: which way a comparison goes, and how long a list is, is anybody's guess to the processor. Reads behind
 * the list are of no consequence, and the compiler leaves room for them behind the last. */
PD_INLINE const struct pd_cell *pd_list_find(const struct pd_tables *t, __u32 first, __u64 keys, __u64 key) {
    const struct pd_cell *cell;
    __u64 found = 0;
    for (__u32 step = (PD_LIST_KEYS + 1) / 2; step; step /= 2) {
        __u64 probe = found + step, is_in, is_not_above;
        cell = pd_cell_at(t, first + (__u32)probe);
        if (!cell) return 0;
        is_in = (probe - keys - 1) >> 63;
        is_not_above = ((__u64)cell->word[0] - key - 1) >> 63;
        found += step & -(is_in & is_not_above);
    }
    return pd_cell_at(t, first + (__u32)found);
}

/* The entry of a row for the first `bits` of a value. */
PD_INLINE __u32 pd_row_entry(const struct pd_tables *t, __u32 row, __u32 slot) {
    const struct pd_cell *cell = pd_cell_at(t, (row & PD_ROW_PLACE) * PD_ROW_CELLS + (slot >> 1));
    return cell ? cell->word[slot & 1] : PD_LEAF | PD_CLASS_BROKEN;
}

/* Follows a trie to the class of a value, whose first bit is the highest of `high`. */
PD_INLINE __u32 pd_trie(const struct pd_tables *t, __u32 root, __u64 high, __u64 low, int is_long) {
    __u32 at = root;
    for (int depth = 0; depth < PD_TRIE_DEPTH; depth++) {
        __u32 bits;
        if (at & PD_LEAF) return at & ~PD_LEAF;
        if (at & PD_ROW) {
            bits = (at >> PD_ROW_STRIDE_SHIFT) & 31;
            at = pd_row_entry(t, at, (__u32)(high >> ((64 - bits) & 63)));
        } else {
            const struct pd_cell *cell = pd_list_find(t, at & PD_LIST_PLACE, at >> PD_LIST_KEYS_SHIFT, high >> 32), *first;
            if (!cell) return PD_CLASS_BROKEN;
            if (cell->word[1] & PD_LEAF) return cell->word[1] & ~PD_LEAF;
            first = pd_cell_at(t, at & PD_LIST_PLACE);
            if (!first) return PD_CLASS_BROKEN;
            bits = (first->word[0] >> PD_LIST_BITS_SHIFT) & 63;
            at = cell->word[1];
        }
        high <<= bits;
        if (is_long) {
            high |= low >> ((64 - bits) & 63);
            low <<= bits;
        }
    }
    return PD_CLASS_BROKEN;
}

PD_INLINE __u32 pd_address_class(const struct pd_tables *t, __u32 root, const __u8 *address, __u8 family) {
    __u64 high, low;
    if (root & PD_LEAF) return root & ~PD_LEAF;
    high = (__u64)pd_be32_aligned(address) << 32;
    if (family == PD_IPV4) return pd_trie(t, root, high, 0, 0);
    high |= pd_be32_aligned(address + 4);
    low = (__u64)pd_be32_aligned(address + 8) << 32 | pd_be32_aligned(address + 12);
    return pd_trie(t, root, high, low, 1);
}

/* The class of a port, or of type and code. */
PD_INLINE __u32 pd_port_class(const struct pd_tables *t, __u32 at, __u32 port) {
    if (!(at & PD_LEAF)) at = pd_row_entry(t, at, port >> 8);
    if (!(at & PD_LEAF)) at = pd_row_entry(t, at, port & 255);
    return at & PD_LEAF ? at & ~PD_LEAF : PD_CLASS_BROKEN;
}

/* The class of protocol and destination port, or ICMP type and code. */
PD_INLINE __u32 pd_transport_class(const struct pd_tables *t, __u32 at, const struct pd_query *q) {
    if (!(at & PD_LEAF)) at = pd_row_entry(t, at, q->protocol);
    return pd_port_class(t, at, q->destination_port);
}

/* A step of the search looks at so many words, all of one chunk. At most so many steps are taken: one for each chunk begun, and those
 * for all words, and once more for each rule that is met and does not end the search: in audit mode, expired, or one of 3 passes or of
 * 3 first rules of their kind. The compiler refuses what is larger. */
#define PD_STEP_WORDS 4
#define PD_RULES_MAX (262144 - 64) /* all places of words but PD_PLACE_MASK */
#define PD_RESUMES_MAX 4096
#define PD_SCAN_STEPS_OF(rules, resumes) ((rules) / PD_CHUNK_RULES + ((rules) / 64 + 3 + (resumes)) / PD_STEP_WORDS + 2)
#define PD_SCAN_STEPS PD_SCAN_STEPS_OF(PD_RULES_MAX, PD_RESUMES_MAX)

/* The same where the kernel has no bpf_loop (before Linux 5.17): what its verifier can follow through a written-out loop. */
#define PD_RULES_MAX_SMALL 65536
#define PD_RESUMES_MAX_SMALL 1024
#define PD_SCAN_STEPS_SMALL PD_SCAN_STEPS_OF(PD_RULES_MAX_SMALL, PD_RESUMES_MAX_SMALL)

#define PD_FIELDS 5

/* The search for the first bit that the vectors of all fields share. */
struct pd_scan {
    __u32 of[PD_FIELDS]; /* the class of each field */
    __u32 from;          /* rules before it are passed over */
    __u32 c;             /* this chunk; of each class, the words it has itself and behind how many others, and where the rest is */
    __u32 line[PD_FIELDS], chunk[PD_FIELDS], skip[PD_FIELDS];
    __u64 own[PD_FIELDS];
    __u64 summary;       /* words of it to be looked at */
    __u64 top;           /* chunks in which no class is empty */
    __u32 rules, rule_base;
    __u32 found;         /* where the first rule is that was found, and when it is evaluated */
    __u32 order;
    __u32 reason;        /* PD_SCAN_RUNNING until done */
    __u32 expires;       /* when the first of the passes that were taken expires */
    __u32 audits;
    __u32 audit[PD_AUDITS];
};

#define PD_SCAN_RUNNING 0xff

PD_INLINE int pd_scan_end(struct pd_scan *s, __u32 reason) {
    s->reason = reason == PD_REASON_DEFAULT && s->order != PD_NO_RULE ? PD_REASON_RULE : reason;
    return 1;
}

/* The earlier of two times of expiry, of which 0 is never. */
PD_INLINE __u32 pd_sooner(__u32 a, __u32 b) { return a && (!b || a < b) ? a : b; }

/* A rule that all fields satisfy. Returns 1 when the search is done; 0 when it goes on at `from`. */
PD_INLINE int pd_scan_rule(const struct pd_tables *t, struct pd_scan *s, __u32 place) {
    const struct pd_rule *rule;
    /* Where every field's class is PD_CLASS_ALL, the bits do not say where the rules end. */
    if (place >= s->rules) return pd_scan_end(s, PD_REASON_DEFAULT);
    rule = pd_rule_at(t, s->rule_base + place);
    if (!rule) return pd_scan_end(s, PD_REASON_INTERNAL);
    if (rule->expires && rule->expires <= pd_now(t)) {
        s->from = place + 1;
        return 0;
    }
    if (rule->action != PD_ACTION_NEXT) {
        if (rule->order < s->order) {
            s->order = rule->order;
            s->found = s->rule_base + place;
        }
        /* On to the next kind of rules that begins before this one. */
        for (int kind = 0; kind < 3; kind++) {
            s->from = rule->next;
            if (s->from >= s->rules) break;
            rule = pd_rule_at(t, s->rule_base + s->from);
            if (!rule) return pd_scan_end(s, PD_REASON_INTERNAL);
            if (rule->order < s->order) return 0;
        }
        return pd_scan_end(s, PD_REASON_RULE);
    }
    if (rule->audit) {
        if (s->audits < PD_AUDITS) s->audit[s->audits & (PD_AUDITS - 1)] = s->rule_base + place;
        s->audits++;
    } else s->expires = pd_sooner(s->expires, rule->expires);
    s->from = rule->next;
    return 0;
}

/* Finds what a class is in chunk `s->c`, and narrows the words to look at. Returns 0 when the tables are broken. */
PD_INLINE int pd_scan_part(const struct pd_tables *t, struct pd_scan *s, int field, int is_run) {
    __u32 number = s->of[field], c = s->c & 63, skip = 0;
    const struct pd_class *line = pd_class_at(t, number);
    const struct pd_chunk *chunk;
    __u64 own;
    if (!line) return 0;
    own = line->own;
    if (is_run && !line->leads) {
        __u64 places = own;
        s->line[field] = number;
        s->chunk[field] = number = line->chunk + c;
        chunk = pd_chunk_at(t, number);
        if (!chunk) return 0;
        own = 0;
        for (int i = 0; i < PD_CLASS_WORDS; i++) {
            __u64 place = places & PD_PLACE_MASK;
            own |= (((place >> 6 ^ c) - 1) >> 63) << (place & 63);
            skip += (place - ((__u64)c << 6)) >> 63;
            places >>= PD_PLACE_BITS;
        }
        s->skip[field] = skip;
        s->own[field] = own;
        s->summary &= chunk->summary | own;
        return 1;
    }
    if (is_run && own >> c & 1) {
        __u32 rank = pd_popcount(own & ((1ULL << c) - 1));
        if (rank >= PD_CLASS_PARTS) {
            rank -= PD_CLASS_PARTS;
            line = pd_class_at(t, number + 1 + rank / PD_LINE_PARTS);
            if (!line) return 0;
        }
        number = ((const __u32 *)line)[rank % PD_LINE_PARTS];
        line = pd_class_at(t, number);
        if (!line) return 0;
        own = line->own;
    } else if (is_run) {
        s->line[field] = PD_CLASS_NONE;
        s->chunk[field] = number = line->chunk + c;
        s->own[field] = 0;
        chunk = pd_chunk_at(t, number);
        if (!chunk) return 0;
        s->summary &= chunk->summary;
        return 1;
    }
    s->line[field] = number;
    s->chunk[field] = line->chunk;
    s->skip[field] = 0;
    s->own[field] = own;
    s->summary &= line->summary;
    return 1;
}

/* Goes on to the next chunk that may hold a rule. Returns 1 when the search is done. */
PD_INLINE int pd_scan_chunk(const struct pd_tables *t, struct pd_scan *s) {
    __u32 from = s->from;
    int is_run = s->rules > PD_CHUNK_RULES;

    if (from >= s->rules) return pd_scan_end(s, PD_REASON_DEFAULT);
    s->c = from >> 12;
    if (is_run) {
        __u64 top = s->top & ~0ULL << (s->c & 63);
        if (!top) return pd_scan_end(s, PD_REASON_DEFAULT);
        s->c = pd_ctz(top);
        if (s->c != from >> 12) s->from = from = s->c << 12;
    }
    s->summary = ~0ULL << ((from >> 6) & 63);
    for (int i = 0; i < PD_FIELDS; i++) {
        if (s->of[i] == PD_CLASS_ALL) {
            s->line[i] = PD_CLASS_NONE;
            s->chunk[i] = PD_CHUNK_ALL;
            s->own[i] = 0;
        } else if (!pd_scan_part(t, s, i, is_run)) return pd_scan_end(s, PD_REASON_INTERNAL);
    }
    return 0;
}

/* Word `w` of a class. Were the two loads made one, of a place in either table, the verifier would follow each choice to the end. */
PD_INLINE __u64 pd_scan_word(const struct pd_scan *s, int field, const struct pd_class *line, const struct pd_chunk *chunk, __u32 w) {
    __u64 own = s->own[field], word;
    if (own >> w & 1) {
        word = ((const __u64 *)line)[(pd_popcount(own & ((1ULL << w) - 1)) + s->skip[field]) & 7];
        PD_APART(word);
    } else {
        word = chunk->word[w];
        PD_APART(word);
    }
    return word;
}

/* One step of the search: some words of a chunk. Returns 1 when it is done. */
PD_INLINE int pd_scan_step(const struct pd_tables *t, struct pd_scan *s) {
    const struct pd_class *line[PD_FIELDS];
    const struct pd_chunk *chunk[PD_FIELDS];

    if (!s->summary && pd_scan_chunk(t, s)) return 1;
    for (int f = 0; f < PD_FIELDS; f++) {
        line[f] = pd_class_at(t, s->line[f]);
        chunk[f] = pd_chunk_at(t, s->chunk[f]);
        if (!line[f] || !chunk[f]) return pd_scan_end(s, PD_REASON_INTERNAL);
    }
    for (int i = 0; i < PD_STEP_WORDS; i++) {
        __u64 summary = s->summary, word;
        __u32 w;
        if (!summary) {
            s->from = (s->c + 1) << 12;
            return 0;
        }
        w = pd_ctz(summary);
        /* The addresses first: they leave out most. */
        word = pd_scan_word(s, 1, line[1], chunk[1], w) & pd_scan_word(s, 2, line[2], chunk[2], w);
        PD_APART(word);
        if (word) {
            word &= pd_scan_word(s, 0, line[0], chunk[0], w) & pd_scan_word(s, 3, line[3], chunk[3], w);
            word &= pd_scan_word(s, 4, line[4], chunk[4], w);
            PD_APART(word);
        }
        if ((s->c << 6 | w) == s->from >> 6) word &= ~0ULL << (s->from & 63);
        if (!word) {
            s->summary = summary & (summary - 1);
            continue;
        }
        if (pd_scan_rule(t, s, s->c << 12 | w << 6 | pd_ctz(word))) return 1;
        if (s->from >> 12 != s->c) {
            s->summary = 0;
            return 0;
        }
        s->summary = summary & ~0ULL << ((s->from >> 6) & 63);
    }
    if (!s->summary) s->from = (s->c + 1) << 12;
    return 0;
}

/* The first rule of few: what a host's own policy mostly is. Returns 1 when the search is done. */
PD_INLINE int pd_scan_few(const struct pd_tables *t, struct pd_scan *s) {
    const struct pd_class *k0 = pd_class_at(t, s->of[0]), *k1 = pd_class_at(t, s->of[1]), *k2 = pd_class_at(t, s->of[2]),
                          *k3 = pd_class_at(t, s->of[3]), *k4 = pd_class_at(t, s->of[4]);
    if (!k0 || !k1 || !k2 || !k3 || !k4) return pd_scan_end(s, PD_REASON_INTERNAL);
    for (__u32 w = 0; w < PD_CLASS_WORDS; w++) {
        __u64 word = k0->word[w] & k1->word[w] & k2->word[w] & k3->word[w] & k4->word[w];
        if (word) return pd_scan_rule(t, s, w << 6 | pd_ctz(word));
    }
    return pd_scan_end(s, PD_REASON_DEFAULT);
}

#ifdef __bpf__
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s);
#else
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s) {
    for (int i = 0; i < PD_SCAN_STEPS; i++)
        if (pd_scan_step(t, s)) return;
}
#endif

/* Adds a field's class. Returns 0 when nothing can match any more, -1 when the tables are broken. */
PD_INLINE int pd_scan_add(const struct pd_tables *t, struct pd_scan *s, int field, __u32 class_id) {
    s->of[field] = class_id;
    if (class_id == PD_CLASS_NONE) return 0;
    if (s->rules > PD_CHUNK_RULES && class_id != PD_CLASS_ALL) {
        const struct pd_class *line = pd_class_at(t, class_id);
        if (!line) return -1;
        s->top &= line->summary;
    }
    return 1;
}

/* The classes of a query's fields. Returns 1 when rules may match, 0 when none can, -1 when the tables are broken. */
PD_INLINE int pd_scan_begin(const struct pd_tables *t, const struct pd_classifier *k, const struct pd_query *q, struct pd_scan *s) {
    __u32 id;
    int more;

    s->rules = k->rules;
    s->rule_base = k->rule_base;
    s->top = ~0ULL;
    s->summary = 0;
    s->from = 0;
    s->order = PD_NO_RULE;
    s->audits = 0;
    s->expires = 0;
    s->reason = PD_SCAN_RUNNING;
    more = pd_scan_add(t, s, 0, pd_transport_class(t, k->transport, q));
    if (more <= 0) return more;
    more = pd_scan_add(t, s, 1, pd_address_class(t, k->remote, q->remote, q->family));
    if (more <= 0) return more;
    more = pd_scan_add(t, s, 2, pd_address_class(t, k->local, q->local, q->family));
    if (more <= 0) return more;
    id = PD_CLASS_ALL;
    if (q->has_ports) id = pd_port_class(t, k->source, q->source_port);
    more = pd_scan_add(t, s, 3, id);
    if (more <= 0) return more;
    id = PD_CLASS_ALL;
    if (k->interfaces) {
        const struct pd_interface *interface = pd_interface_at(t, q->interface);
        id = interface ? interface->class_of[q->direction & 1][q->family & 1] : PD_CLASS_BROKEN;
    }
    return pd_scan_add(t, s, 4, id);
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
        if (s->rules > PD_RULES_FEW || !pd_scan_few(t, s)) pd_scan_run(t, s);
        if (s->audits) {
            match->audits = (__u8)(s->audits < 255 ? s->audits : 255);
            for (int i = 0; i < PD_AUDITS; i++) match->audit[i] = s->audit[i];
        }
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
