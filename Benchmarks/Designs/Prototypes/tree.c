#include <stdlib.h>
#include <string.h>
#include "matching.h"

#define FIELDS 5
#define LEAF_RULES 8
#define DEPTH_MAX 64

struct node {
    uint32_t value; /* of a leaf: how many rules it has */
    uint32_t child; /* the left one, the right one follows; of a leaf: its first rule in `order` */
    uint32_t field; /* FIELDS: a leaf */
};

struct design_tree {
    const struct design_rule *rules;
    size_t rule_count;
    struct node *nodes;
    size_t node_count, node_limit;
    uint32_t *order;
    size_t order_count, order_limit;
};

struct box {
    uint32_t low[FIELDS], high[FIELDS];
};

static void range_of(const struct design_rule *r, int field, uint32_t *low, uint32_t *high) {
    switch (field) {
    case 0: *low = r->remote[0]; *high = r->remote[1]; break;
    case 1: *low = r->local[0]; *high = r->local[1]; break;
    case 2: *low = r->destination[0]; *high = r->destination[1]; break;
    case 3: *low = r->source[0]; *high = r->source[1]; break;
    default: *low = r->protocol[0]; *high = r->protocol[1]; break;
    }
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void make_leaf(struct design_tree *t, uint32_t node, const uint32_t *rules, size_t count) {
    if (t->order_count + count > t->order_limit) {
        t->order_limit = 2 * t->order_limit + count;
        t->order = realloc(t->order, t->order_limit * sizeof *t->order);
        if (!t->order) abort();
    }
    memcpy(t->order + t->order_count, rules, count * sizeof *rules);
    t->nodes[node] = (struct node){.value = (uint32_t)count, .child = (uint32_t)t->order_count, .field = FIELDS};
    t->order_count += count;
}

/* The field whose ends cut the rules into most parts, and where the middle one of them is. */
static int choose(const struct design_tree *t, const uint32_t *rules, size_t count, const struct box *box, uint32_t *ends,
                  uint32_t *value) {
    size_t most = 0;
    int chosen = -1;
    for (int field = 0; field < FIELDS; field++) {
        size_t n = 0, distinct = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t low, high;
            range_of(t->rules + rules[i], field, &low, &high);
            /* A cut is behind the value: the last of the left part. */
            if (low > box->low[field]) ends[n++] = low - 1;
            if (high < box->high[field]) ends[n++] = high;
        }
        qsort(ends, n, sizeof *ends, by_value);
        for (size_t i = 0; i < n; i++)
            if (i == 0 || ends[i] != ends[i - 1]) distinct++;
        if (distinct <= most) continue;
        most = distinct;
        chosen = field;
        *value = ends[n / 2];
    }
    return chosen;
}

static void split(struct design_tree *t, uint32_t node, uint32_t *rules, size_t count, struct box box, int depth, uint32_t *ends) {
    uint32_t value = 0, child, *part;
    int field;
    /* Nothing behind a rule that holds the whole box is ever reached. */
    for (size_t i = 0; i < count; i++) {
        int holds = 1;
        for (int f = 0; f < FIELDS; f++) {
            uint32_t low, high;
            range_of(t->rules + rules[i], f, &low, &high);
            holds &= low <= box.low[f] && high >= box.high[f];
            /* Packets without ports are in the box too, and match no rule that names them. */
            if (f == 2 || f == 3) holds &= low == 0 && high == 65535;
        }
        if (holds) {
            count = i + 1;
            break;
        }
    }
    if (count <= LEAF_RULES || depth >= DEPTH_MAX || t->node_count + 2 > t->node_limit || t->order_count > 8 * t->node_limit ||
        (field = choose(t, rules, count, &box, ends, &value)) < 0) {
        make_leaf(t, node, rules, count);
        return;
    }
    child = (uint32_t)t->node_count;
    t->node_count += 2;
    t->nodes[node] = (struct node){.value = value, .child = child, .field = (uint32_t)field};
    part = malloc(count * sizeof *part);
    if (!part) abort();
    for (int side = 0; side < 2; side++) {
        struct box half = box;
        size_t n = 0;
        if (side) half.low[field] = value + 1;
        else half.high[field] = value;
        for (size_t i = 0; i < count; i++) {
            uint32_t low, high;
            range_of(t->rules + rules[i], field, &low, &high);
            if (low <= half.high[field] && high >= half.low[field]) part[n++] = rules[i];
        }
        split(t, child + (uint32_t)side, part, n, half, depth + 1, ends);
    }
    free(part);
}

struct design_tree *design_tree_make(const struct design_rule *rules, size_t count, size_t node_limit) {
    struct design_tree *t = calloc(1, sizeof *t);
    uint32_t *all = malloc((count + 1) * sizeof *all), *ends = malloc((2 * count + 1) * sizeof *ends);
    struct box box = {.low = {0}, .high = {0xffffffffu, 0xffffffffu, 65535, 65535, 255}};
    if (!t || !all || !ends) abort();
    t->rules = rules;
    t->rule_count = count;
    t->node_limit = node_limit;
    t->nodes = malloc(node_limit * sizeof *t->nodes);
    if (!t->nodes) abort();
    t->node_count = 1;
    for (size_t i = 0; i < count; i++) all[i] = (uint32_t)i;
    split(t, 0, all, count, box, 0, ends);
    free(all);
    free(ends);
    return t;
}

size_t design_tree_bytes(const struct design_tree *t) {
    return t->node_count * sizeof *t->nodes + t->order_count * sizeof *t->order + t->rule_count * sizeof *t->rules;
}

void design_tree_find(const struct design_tree *t, const struct design_packet *packets, size_t packet_count, uint32_t *found) {
    for (size_t i = 0; i < packet_count; i++) {
        const struct design_packet *p = packets + i;
        const uint32_t field[FIELDS] = {p->remote, p->local, p->destination, p->source, p->protocol};
        const struct node *n = t->nodes;
        while (n->field < FIELDS) n = t->nodes + n->child + (field[n->field] > n->value);
        found[i] = DESIGN_NONE;
        for (uint32_t r = 0; r < n->value; r++) {
            uint32_t rule = t->order[n->child + r];
            if (!matches(t->rules + rule, p)) continue;
            found[i] = rule;
            break;
        }
    }
}

void design_tree_free(struct design_tree *t) {
    if (!t) return;
    free(t->nodes);
    free(t->order);
    free(t);
}
