#include <stdlib.h>
#include <string.h>
#include "matching.h"

void design_walk(const struct design_rule *rules, size_t count, const struct design_packet *packets, size_t packet_count, uint32_t *found) {
    for (size_t i = 0; i < packet_count; i++) {
        found[i] = DESIGN_NONE;
        for (size_t r = 0; r < count; r++) {
            if (!matches(rules + r, packets + i)) continue;
            found[i] = (uint32_t)r;
            break;
        }
    }
}

struct entry {
    uint32_t remote, local;
    uint32_t first; /* rules with these prefixes, in `order` */
    uint32_t count; /* 0: a free place */
};

struct tuple {
    uint32_t remote_mask, local_mask;
    uint32_t first; /* rule of all */
    uint32_t entry_mask;
    uint32_t distinct;
    struct entry *entries;
};

struct design_tuples {
    const struct design_rule *rules;
    struct tuple tuple[33 * 33];
    size_t tuple_count;
    uint32_t *order;
    size_t bytes;
};

static uint32_t hash_of(uint32_t remote, uint32_t local) {
    uint64_t h = ((uint64_t)remote << 32 | local) * 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(h >> 32) ^ (uint32_t)h >> 7;
}

static struct entry *place_of(const struct tuple *t, uint32_t remote, uint32_t local) {
    uint32_t at = hash_of(remote, local) & t->entry_mask;
    while (t->entries[at].count && (t->entries[at].remote != remote || t->entries[at].local != local)) at = (at + 1) & t->entry_mask;
    return t->entries + at;
}

static int by_first(const void *a, const void *b) {
    const struct tuple *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static uint32_t mask_of(const uint32_t range[2]) { return ~(range[0] ^ range[1]); }

struct design_tuples *design_tuples_make(const struct design_rule *rules, size_t count) {
    struct design_tuples *t = calloc(1, sizeof *t);
    size_t total = 0;
    if (!t) return 0;
    t->rules = rules;
    t->order = malloc(count * sizeof *t->order);
    if (!t->order) {
        free(t);
        return 0;
    }
    for (size_t r = 0; r < count; r++) {
        uint32_t remote = mask_of(rules[r].remote), local = mask_of(rules[r].local);
        size_t k = 0;
        while (k < t->tuple_count && (t->tuple[k].remote_mask != remote || t->tuple[k].local_mask != local)) k++;
        if (k == t->tuple_count) {
            t->tuple[k] = (struct tuple){.remote_mask = remote, .local_mask = local, .first = (uint32_t)r};
            t->tuple_count++;
        }
        t->tuple[k].distinct++;
    }
    qsort(t->tuple, t->tuple_count, sizeof *t->tuple, by_first);
    for (size_t k = 0; k < t->tuple_count; k++) {
        struct tuple *tuple = t->tuple + k;
        uint32_t size = 4;
        while (size < 2 * tuple->distinct) size *= 2;
        tuple->entry_mask = size - 1;
        tuple->entries = calloc(size, sizeof *tuple->entries);
        if (!tuple->entries) abort();
        t->bytes += size * sizeof *tuple->entries;
        /* Counted, then laid out, then filled in order. */
        for (int pass = 0; pass < 2; pass++) {
            for (size_t r = 0; r < count; r++) {
                struct entry *e;
                if (mask_of(rules[r].remote) != tuple->remote_mask || mask_of(rules[r].local) != tuple->local_mask) continue;
                e = place_of(tuple, rules[r].remote[0], rules[r].local[0]);
                e->remote = rules[r].remote[0];
                e->local = rules[r].local[0];
                if (pass == 0) e->count++;
                else t->order[e->first++] = (uint32_t)r;
            }
            for (uint32_t i = 0; i < size; i++) {
                struct entry *e = tuple->entries + i;
                if (pass == 0) {
                    e->first = (uint32_t)total;
                    total += e->count;
                } else e->first -= e->count;
            }
        }
    }
    t->bytes += count * (sizeof *t->order + sizeof *rules);
    return t;
}

size_t design_tuples_bytes(const struct design_tuples *t) { return t->bytes; }

void design_tuples_find(const struct design_tuples *t, const struct design_packet *packets, size_t packet_count, uint32_t *found) {
    for (size_t i = 0; i < packet_count; i++) {
        const struct design_packet *p = packets + i;
        uint32_t best = DESIGN_NONE;
        for (size_t k = 0; k < t->tuple_count && t->tuple[k].first < best; k++) {
            const struct tuple *tuple = t->tuple + k;
            const struct entry *e = place_of(tuple, p->remote & tuple->remote_mask, p->local & tuple->local_mask);
            for (uint32_t r = 0; r < e->count; r++) {
                uint32_t rule = t->order[e->first + r];
                if (rule >= best) break;
                if (matches(t->rules + rule, p)) best = rule;
            }
        }
        found[i] = best;
    }
}

void design_tuples_free(struct design_tuples *t) {
    if (!t) return;
    for (size_t k = 0; k < t->tuple_count; k++) free(t->tuple[k].entries);
    free(t->order);
    free(t);
}
