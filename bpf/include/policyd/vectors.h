/* The search through bit vectors: the first bit that the classes of all fields share. */
#pragma once
#include "lookup.h"
#include "scan.h"

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
    more = pd_scan_add(t, s, 0, s->of[0]);
    if (more <= 0) return more;
    more = pd_scan_add(t, s, 1, s->of[1]);
    if (more <= 0) return more;
    more = pd_scan_add(t, s, 2, s->of[2]);
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
