/* The search through slates: short lists of the rules that can match.
 *
 * A rule stands on the slates of one field, the one that leaves it the fewest values, and is a box there: what of the other fields it
 * wants is said by ranges. A packet has three slates: of its one address, of the other, and of its protocol and port. The first box of
 * each that holds the packet is looked for; the earliest of the three is the rule. */
#pragma once
#include "lookup.h"
#include "scan.h"

_Static_assert(3 * PD_SLATE_LINES * PD_SLATE_ENTRIES < PD_SCAN_STEPS_SMALL, "a step looks into one rule of the three slates");

/* Below 0 as 64 bits where `value` is outside of a range. */
PD_INLINE __u64 pd_outside(__u64 value, __u64 first, __u64 span) { return (span - (value - first)) | (value - first); }

/* Whether a box holds the packet, and is not passed over. */
PD_INLINE int pd_box_holds(const struct pd_slates *s, const struct pd_box *box, __u32 from) {
    __u64 outside = pd_outside(s->other, box->other, box->other_span) | pd_outside(s->transport, box->transport, box->transport_span)
                    | pd_outside(s->source, box->source, box->source_span) | ((__u64)box->place - from);
    return !(outside >> 63);
}

/* The box of a number. Two lie in a line. */
PD_INLINE const struct pd_box *pd_box_at(const struct pd_tables *t, __u32 boxes, __u32 number) {
    const struct pd_class *line = pd_class_at(t, boxes + (number >> 1));
    return line ? (const struct pd_box *)line + (number & 1) : 0;
}

/* What a line of a slate says. */
#define PD_SLATE_BROKEN 1
#define PD_SLATE_DONE 2 /* a box was found, or what follows comes later than the best */

/* The entries of a line whose groups are the packet's. */
PD_INLINE __u32 pd_slate_met(const struct pd_slates *s, const struct pd_slate *line) {
    return line->transport[s->group[0] & (PD_GROUPS - 1)] & line->other[s->group[1] & (PD_GROUPS - 1)] & ((1u << PD_SLATE_ENTRIES) - 1);
}

PD_INLINE __u32 pd_slate_entry(const struct pd_slate *line, __u32 place) {
    return line->box[place] | (line->high >> (2 * place) & 3) << 16;
}

/* Looks in a line of a slate for the first box that holds the packet and comes before the best so far. */
PD_INLINE int pd_slate_line(const struct pd_tables *t, struct pd_slates *s, const struct pd_slate *line, __u32 from) {
    __u64 met = pd_slate_met(s, line);
    for (int n = 0; n < PD_SLATE_ENTRIES; n++) {
        const struct pd_box *box;
        __u32 candidate;
        if (!met) return 0;
        candidate = pd_slate_entry(line, pd_ctz(met) & 15);
        met &= met - 1;
        if (candidate >= s->best) return PD_SLATE_DONE;
        box = pd_box_at(t, s->boxes, candidate);
        if (!box) return PD_SLATE_BROKEN;
        if (!pd_box_holds(s, box, from)) continue;
        s->best = candidate;
        return PD_SLATE_DONE;
    }
    return 0;
}

/* The same for a line by its number. */
PD_INLINE int pd_slate_numbered(const struct pd_tables *t, struct pd_slates *s, __u32 number, __u32 from) {
    const struct pd_slate *line = (const struct pd_slate *)pd_class_at(t, number);
    return line ? pd_slate_line(t, s, line, from) : PD_SLATE_BROKEN;
}

#ifdef __bpf__
PD_INLINE int pd_slate_step(const struct pd_tables *t, struct pd_slates *s, __u32 number, __u32 from);
#else
PD_INLINE int pd_slate_step(const struct pd_tables *t, struct pd_slates *s, __u32 number, __u32 from) {
    return pd_slate_numbered(t, s, number, from);
}
#endif

/* Looks through a slate. Returns 0 when the tables are broken. `is_likely`: a rule is looked for here first, without a call. */
PD_INLINE int pd_slate_search(const struct pd_tables *t, struct pd_slates *s, __u32 number, __u32 from, int is_likely) {
    const struct pd_slate *line = (const struct pd_slate *)pd_class_at(t, number);
    __u32 more;
    int answer = 0;
    if (!line) return 0;
    more = line->high >> PD_SLATE_MORE_SHIFT;
    if (is_likely) {
        answer = pd_slate_line(t, s, line, from);
    } else {
        /* Of most packets another field has the rule: nothing here is met, or all of it comes later. */
        if (pd_slate_entry(line, 0) >= s->best) return 1;
        if (pd_slate_met(s, line)) answer = pd_slate_step(t, s, number, from);
    }
    for (__u32 i = 1; i < PD_SLATE_LINES; i++) {
        if (answer || i > more) break;
        answer = pd_slate_step(t, s, number + i, from);
    }
    return answer != PD_SLATE_BROKEN;
}

/* Begins with the slates whose numbers are in `of`. Returns 0 when the tables are broken. */
PD_INLINE int pd_slates_begin(const struct pd_tables *t, const struct pd_classifier *k, const struct pd_query *q, struct pd_scan *scan) {
    struct pd_slates *s = &scan->slates;
    const struct pd_slate *transport, *second;

    scan->rules = k->rules;
    scan->rule_base = k->rule_base;
    scan->from = 0;
    scan->order = PD_NO_RULE;
    scan->audits = 0;
    scan->expires = 0;
    scan->reason = PD_SCAN_RUNNING;
    s->verdict = PD_BOX_ASK;
    s->number[0] = scan->of[k->slates == PD_SLATES_REMOTE ? 1 : 2];
    s->number[1] = scan->of[k->slates == PD_SLATES_REMOTE ? 2 : 1];
    s->number[2] = scan->of[0];
    transport = (const struct pd_slate *)pd_class_at(t, s->number[2]);
    second = (const struct pd_slate *)pd_class_at(t, s->number[1]);
    if (!transport || !second) return 0;
    s->transport = transport->where & PD_WHERE_PLACE;
    s->group[0] = transport->where >> PD_WHERE_GROUP_SHIFT;
    s->other = second->where & PD_WHERE_PLACE;
    s->group[1] = second->where >> PD_WHERE_GROUP_SHIFT;
    s->source = q->source_port;
    s->boxes = k->boxes;
    return 1;
}

/* One step: the first rule from `from` on that matches. Returns 1 when the search is done. */
PD_INLINE int pd_slates_step(const struct pd_tables *t, struct pd_scan *scan, int is_first) {
    struct pd_slates *s = &scan->slates;
    const struct pd_box *box;

    s->best = PD_NO_RULE;
    for (int field = 0; field < 3; field++)
        if (!pd_slate_search(t, s, s->number[field], scan->from, is_first && !field)) return pd_scan_end(scan, PD_REASON_INTERNAL);
    if (s->best == PD_NO_RULE) return pd_scan_end(scan, PD_REASON_DEFAULT);
    box = pd_box_at(t, s->boxes, s->best);
    if (!box) return pd_scan_end(scan, PD_REASON_INTERNAL);
    if (box->goes_on) return pd_scan_rule(t, scan, box->place);
    scan->order = box->place;
    scan->found = scan->rule_base + box->place;
    s->number[0] = box->number;
    s->verdict = box->verdict;
    return pd_scan_end(scan, PD_REASON_RULE);
}
