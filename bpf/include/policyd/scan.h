/* What both ways to search the rules have in common: where they are, and what a rule that was met means. */
#pragma once
#include "query.h"

/* A step of the search looks at so many words, all of one chunk. At most so many steps are taken: one for each chunk begun, and those
 * for all words, and once more for each rule that is met and does not end the search: in audit mode, expired, or one of 3 passes or of
 * 3 first rules of their kind. The compiler refuses what is larger. A step of slates looks into one rule, of which there are few. */
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

/* Where a search through slates is. */
struct pd_slates {
    __u32 number[3]; /* of the slates: of one address, of the other, and of protocol and port */
    __u32 boxes;     /* the line in which the first box is */
    __u32 best;      /* the earliest box so far, or PD_NO_RULE */
    __u32 group[2];  /* of protocol and port, and of the second address */
    __u32 verdict;   /* what the box says that was found, or PD_BOX_ASK */
    __u64 other, transport, source; /* what boxes are compared with */
};

/* The search for the first rule that matches. */
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
    struct pd_slates slates;
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
