/* Other ways to find the first rule that matches, and to look an address up: small prototypes, to be measured beside the tables that
 * the datapath walks. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define DESIGN_NONE 0xffffffffu

/* Ranges are inclusive. Those of addresses are prefixes. */
struct design_rule {
    uint32_t remote[2], local[2];
    uint16_t source[2], destination[2];
    uint8_t protocol[2];
};

struct design_packet {
    uint32_t remote, local;
    uint16_t source, destination;
    uint8_t protocol;
    uint8_t has_ports; /* where it is 0, both ports are 0, and rules that name ports do not match */
};

/* One rule after the other. */
void design_walk(const struct design_rule *rules, size_t count, const struct design_packet *packets, size_t packet_count, uint32_t *found);

/* Tuple space: a hash table for each pair of prefix lengths, those with early rules first. */
struct design_tuples;
struct design_tuples *design_tuples_make(const struct design_rule *rules, size_t count);
size_t design_tuples_bytes(const struct design_tuples *t);
void design_tuples_find(const struct design_tuples *t, const struct design_packet *packets, size_t packet_count, uint32_t *found);
void design_tuples_free(struct design_tuples *t);

/* A decision tree in the manner of HyperSplit: each node halves one field, and leaves hold a few rules to be walked. */
struct design_tree;
/* At most so many nodes are made: leaves that would need more stay large. */
struct design_tree *design_tree_make(const struct design_rule *rules, size_t count, size_t node_limit);
size_t design_tree_bytes(const struct design_tree *t);
void design_tree_find(const struct design_tree *t, const struct design_packet *packets, size_t packet_count, uint32_t *found);
void design_tree_free(struct design_tree *t);

/* Sorted bounds of ranges that alternate: from the first on inside, from the second on outside. Returns how many of the values are
 * inside: of 128 bits in two halves, and of 32. */
struct design_value6 {
    uint64_t high, low;
};
size_t design_bounds6_count(const struct design_value6 *bounds, size_t count, const struct design_value6 *values, size_t value_count);
size_t design_bounds4_count(const uint32_t *bounds, size_t count, const uint32_t *values, size_t value_count);

/* DIR-24-8: a table over the first 24 bits, and one over the last 8 where that does not decide. */
struct design_dir;
struct design_dir *design_dir_make(const uint32_t *bounds, size_t count);
size_t design_dir_bytes(const struct design_dir *d);
size_t design_dir_count(const struct design_dir *d, const uint32_t *values, size_t value_count);
void design_dir_free(struct design_dir *d);
