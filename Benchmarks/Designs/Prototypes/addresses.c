#include <stdlib.h>
#include <string.h>
#include "designs.h"

size_t design_bounds4_count(const uint32_t *bounds, size_t count, const uint32_t *values, size_t value_count) {
    size_t inside = 0;
    for (size_t i = 0; i < value_count; i++) {
        const uint32_t *at = bounds;
        size_t n = count;
        /* Halves without branching. */
        while (n > 1) {
            size_t half = n / 2;
            at = at[half - 1] <= values[i] ? at + half : at;
            n -= half;
        }
        inside += ((size_t)(at - bounds) + (n && *at <= values[i])) & 1;
    }
    return inside;
}

static int not_above(const struct design_value6 *a, const struct design_value6 *b) {
    return (a->high < b->high) | ((a->high == b->high) & (a->low <= b->low));
}

size_t design_bounds6_count(const struct design_value6 *bounds, size_t count, const struct design_value6 *values, size_t value_count) {
    size_t inside = 0;
    for (size_t i = 0; i < value_count; i++) {
        const struct design_value6 *at = bounds;
        size_t n = count;
        while (n > 1) {
            size_t half = n / 2;
            at = not_above(at + half - 1, values + i) ? at + half : at;
            n -= half;
        }
        inside += ((size_t)(at - bounds) + (n && not_above(at, values + i))) & 1;
    }
    return inside;
}

#define LONG 0x80000000u

struct design_dir {
    uint32_t *first;
    uint8_t *second;
    size_t blocks;
};

struct design_dir *design_dir_make(const uint32_t *bounds, size_t count) {
    struct design_dir *d = calloc(1, sizeof *d);
    size_t at = 0, limit = 1024;
    if (!d) return 0;
    d->first = malloc(sizeof *d->first << 24);
    d->second = malloc(limit * 256);
    if (!d->first || !d->second) abort();
    for (uint64_t slot = 0; slot < 1 << 24; slot++) {
        uint64_t begin = slot << 8, end = begin + 256;
        while (at < count && bounds[at] <= begin) at++;
        if (at == count || bounds[at] >= end) {
            d->first[slot] = at & 1;
            continue;
        }
        if (d->blocks == limit) {
            d->second = realloc(d->second, (limit *= 2) * 256);
            if (!d->second) abort();
        }
        for (uint64_t value = begin; value < end; value++) {
            while (at < count && bounds[at] <= value) at++;
            d->second[d->blocks * 256 + (value & 255)] = at & 1;
        }
        d->first[slot] = LONG | (uint32_t)d->blocks++;
    }
    return d;
}

size_t design_dir_bytes(const struct design_dir *d) { return (sizeof *d->first << 24) + d->blocks * 256; }

size_t design_dir_count(const struct design_dir *d, const uint32_t *values, size_t value_count) {
    size_t inside = 0;
    for (size_t i = 0; i < value_count; i++) {
        uint32_t entry = d->first[values[i] >> 8];
        inside += entry & LONG ? d->second[(size_t)(entry & ~LONG) * 256 + (values[i] & 255)] : entry;
    }
    return inside;
}

void design_dir_free(struct design_dir *d) {
    if (!d) return;
    free(d->first);
    free(d->second);
    free(d);
}
