/* From the value of a field to its class. */
#pragma once
#include "query.h"

/* A class that cannot be: the tables contradict themselves. */
#define PD_CLASS_BROKEN 0x7fffffffu

/* Where in a line the cell lies that holds the last key of a list not above `key`; the list's first cell, which is at `first`, if there
 * is none. Counts instead of branching: which way a comparison goes, and how long a list is, is anybody's guess to the processor. */
PD_INLINE __u32 pd_list_find(const struct pd_line *line, __u32 first, __u64 keys, __u64 key) {
    __u64 found = 0;
    for (__u32 step = (PD_LIST_KEYS + 1) / 2; step; step /= 2) {
        __u64 probe = found + step, is_in, is_not_above;
        is_in = (probe - keys - 1) >> 63;
        is_not_above = ((__u64)line->word[2 * ((first + probe) & (PD_ROW_CELLS - 1))] - key - 1) >> 63;
        found += step & -(is_in & is_not_above);
    }
    return (first + (__u32)found) & (PD_ROW_CELLS - 1);
}

/* The entry of a row for the first `bits` of a value. */
PD_INLINE __u32 pd_row_entry(const struct pd_tables *t, __u32 row, __u32 slot) {
    const struct pd_line *line = pd_line_at(t, (row & PD_ROW_PLACE) + (slot >> 4));
    return line ? line->word[slot & 15] : PD_LEAF | PD_CLASS_BROKEN;
}

/* A value on its way through a trie: the entry it has come to, and the bits left, the next of which is the highest of `high`. */
struct pd_walk {
    __u32 at;
    __u64 high, low;
};

PD_INLINE void pd_walk_bits(struct pd_walk *walk, __u32 bits, int is_long) {
    walk->high <<= bits;
    if (!is_long) return;
    walk->high |= walk->low >> ((64 - bits) & 63);
    walk->low <<= bits;
}

PD_INLINE void pd_walk_row(const struct pd_tables *t, struct pd_walk *walk, int is_long) {
    __u32 bits = (walk->at >> PD_ROW_STRIDE_SHIFT) & 31;
    walk->at = pd_row_entry(t, walk->at, (__u32)(walk->high >> ((64 - bits) & 63)));
    pd_walk_bits(walk, bits, is_long);
}

PD_INLINE int pd_is_row(__u32 at) { return at >> 30 == 1; }

/* Follows a trie to the class of a value. */
PD_INLINE __u32 pd_walk_trie(const struct pd_tables *t, struct pd_walk *walk, int is_long) {
    for (int depth = 0; depth < PD_TRIE_DEPTH(is_long ? 128 : 32); depth++) {
        if (walk->at & PD_LEAF) return walk->at & ~PD_LEAF;
        if (pd_is_row(walk->at)) {
            pd_walk_row(t, walk, is_long);
        } else {
            const struct pd_line *line = pd_line_at(t, (walk->at & PD_LIST_PLACE) / PD_ROW_CELLS);
            __u32 first = walk->at & (PD_ROW_CELLS - 1), found;
            if (!line) return PD_CLASS_BROKEN;
            found = pd_list_find(line, first, walk->at >> PD_LIST_KEYS_SHIFT, walk->high >> 32);
            walk->at = line->word[2 * found + 1];
            if (walk->at & PD_LEAF) return walk->at & ~PD_LEAF;
            pd_walk_bits(walk, (line->word[2 * first] >> PD_LIST_BITS_SHIFT) & 63, is_long);
        }
    }
    return PD_CLASS_BROKEN;
}

PD_INLINE void pd_walk_address(struct pd_walk *walk, __u32 root, const __u8 *address, int is_long) {
    walk->at = root;
    walk->high = (__u64)pd_be32_aligned(address) << 32;
    walk->low = 0;
    if (!is_long) return;
    walk->high |= pd_be32_aligned(address + 4);
    walk->low = (__u64)pd_be32_aligned(address + 8) << 32 | pd_be32_aligned(address + 12);
}

/* The classes of a query's addresses, the remote one first. Their first rows are looked at in turn, so that the processor waits for both
 * at the same time. */
PD_INLINE void pd_walk_pair(const struct pd_tables *t, const struct pd_classifier *k, const struct pd_query *q, int is_long,
                            __u32 class_of[2]) {
    struct pd_walk remote, local;
    pd_walk_address(&remote, k->remote, q->remote, is_long);
    pd_walk_address(&local, k->local, q->local, is_long);
    for (int i = 0; i < 2 && !is_long; i++) {
        if (pd_is_row(remote.at)) pd_walk_row(t, &remote, is_long);
        if (pd_is_row(local.at)) pd_walk_row(t, &local, is_long);
    }
    class_of[0] = pd_walk_trie(t, &remote, is_long);
    class_of[1] = pd_walk_trie(t, &local, is_long);
}

PD_INLINE void pd_address_classes(const struct pd_tables *t, const struct pd_classifier *k, const struct pd_query *q, __u32 class_of[2]) {
    if (q->family == PD_IPV4) pd_walk_pair(t, k, q, 0, class_of);
    else pd_walk_pair(t, k, q, 1, class_of);
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
