/* From a packet's fields to the rule that judges it. */
#pragma once
#include "slates.h"
#include "vectors.h"

#ifdef __bpf__
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s, int has_slates);
#else
PD_INLINE void pd_scan_run(const struct pd_tables *t, struct pd_scan *s, int has_slates) {
    for (int i = 0; i < PD_SCAN_STEPS; i++)
        if (has_slates ? pd_slates_step(t, s, 0) : pd_scan_step(t, s)) return;
}
#endif

/* Judges a query by the tables: the compiled engine, and the kernel's. `s` is room to work in. */
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
    s->of[0] = pd_transport_class(t, k->transport, q);
    pd_address_classes(t, k, q, s->of + 1);
    if (s->of[0] == PD_CLASS_NONE || s->of[1] == PD_CLASS_NONE || s->of[2] == PD_CLASS_NONE) return;
    if (k->slates) {
        more = pd_slates_begin(t, k, q, s) ? 1 : -1;
        /* The first step is mostly the last. */
        if (more > 0 && !pd_slates_step(t, s, 1)) pd_scan_run(t, s, 1);
    } else {
        more = pd_scan_begin(t, k, q, s);
        if (more == 0) return;
        if (more > 0 && (s->rules > PD_RULES_FEW || !pd_scan_few(t, s))) pd_scan_run(t, s, 0);
    }
    if (more > 0) {
        if (s->audits) {
            match->audits = (__u8)(s->audits < 255 ? s->audits : 255);
            for (int i = 0; i < PD_AUDITS; i++) match->audit[i] = s->audit[i];
        }
        match->expires = s->expires;
        if (s->reason == PD_REASON_DEFAULT) return;
        if (k->slates && s->slates.verdict != PD_BOX_ASK && s->reason == PD_REASON_RULE) {
            match->rule = s->slates.number[0];
            match->action = (__u8)s->slates.verdict;
            match->log = (__u8)(s->slates.verdict >> 8);
            match->reason = PD_REASON_RULE;
            return;
        }
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
