/* From the value of a field to its class. */
#pragma once
#include "query.h"

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
