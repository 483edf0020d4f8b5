/* Fuzzes what judges packets: the header walk, the connection's key and the look-up in the tables, compiled for user space with
 * sanitisers (scripts/fuzz-packets). Everything lies in memory of exactly its size, so that a read beyond it is noticed.
 *
 * An input is a byte of options and then a frame; with PD_FUZZ_TABLES the frame's length in a byte, the frame, and then tables. What is
 * found worth keeping is in `corpus`, where tests have the kernel's program judge it as well. */
#include <stdlib.h>
#include <string.h>
#include "policyd.h"

#define PD_FUZZ_RAW 1
#define PD_FUZZ_EGRESS 2
#define PD_FUZZ_NEAR 64 /* with tables: places in them are near each other, where the tables are */
#define PD_FUZZ_TABLES 128

#define HOLDS(condition) \
    do { \
        if (!(condition)) __builtin_trap(); \
    } while (0)

/* A copy of `size` bytes that ends where its memory does. */
static __u8 *exactly(const __u8 *data, size_t size) {
    __u8 *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, data, size);
    return copy;
}

/* The walk over the first `size` bytes of a frame of `length`. */
static int walk(const __u8 *frame, size_t size, size_t length, __u8 link, struct pd_packet *packet, struct pd_packet *inner) {
    __u8 *copy = exactly(frame, size);
    struct pd_bytes bytes = {.data = copy, .end = copy + size, .length = (__u32)length};
    int reason;
    memset(packet, 0, sizeof(*packet));
    memset(inner, 0, sizeof(*inner));
    reason = pd_walk(&bytes, link, packet);
    if (reason == PD_WALK_OK && packet->flags & PD_PACKET_ICMP_ERROR && pd_walk_inner(&bytes, packet, inner) != PD_WALK_OK)
        memset(inner, 0, sizeof(*inner));
    free(copy);
    return reason;
}

/* What holds for every packet that rules are asked about. */
static void check_packet(const struct pd_packet *p, size_t length) {
    int has_ports = p->protocol == PD_TCP || p->protocol == PD_UDP || p->protocol == PD_SCTP;
    HOLDS(p->family == PD_IPV4 || p->family == PD_IPV6);
    HOLDS(p->ethertype == (p->family == PD_IPV4 ? 0x0800 : 0x86dd));
    HOLDS(p->end <= length && p->transport <= p->end);
    HOLDS(!(p->flags & PD_PACKET_FIRST_FRAGMENT) || !(p->flags & PD_PACKET_LATER_FRAGMENT));
    if (p->flags & (PD_PACKET_FIRST_FRAGMENT | PD_PACKET_LATER_FRAGMENT)) {
        HOLDS(p->fragment_data && p->fragment_data < p->end);
        HOLDS(p->fragment_offset + (p->end - p->fragment_data) <= PD_LENGTH_MAX);
        HOLDS(!p->fragment_offset == !(p->flags & PD_PACKET_LATER_FRAGMENT));
    }
    if (p->flags & PD_PACKET_LATER_FRAGMENT) {
        HOLDS(!(p->flags & (PD_PACKET_PORTS | PD_PACKET_ICMP)) && !p->source_port && !p->destination_port);
        return;
    }
    HOLDS(p->payload >= p->transport && p->payload <= p->end);
    HOLDS(!(p->flags & PD_PACKET_PORTS) == !has_ports);
    HOLDS(!(p->flags & PD_PACKET_ICMP) == (p->protocol != (p->family == PD_IPV4 ? PD_ICMP : PD_ICMPV6)));
    HOLDS(!(p->flags & PD_PACKET_ICMP_ERROR) || p->flags & PD_PACKET_ICMP);
    HOLDS(p->protocol != PD_TCP || pd_tcp_flags_are_possible(p->tcp_flags));
}

/* Both directions of a connection have one key. */
static void check_flow(const struct pd_packet *p) {
    struct pd_packet back = *p;
    union pd_flow there, here;
    memcpy(back.source, p->destination, 16);
    memcpy(back.destination, p->source, 16);
    back.source_port = p->destination_port;
    back.destination_port = p->source_port;
    pd_flow_of(p, 1, &there);
    pd_flow_of(&back, 0, &here);
    HOLDS(!memcmp(&there, &here, sizeof(there)));
}

/* What the quick walk takes, the whole walk takes too, and finds the same connection. */
static void check_quick(const __u8 *frame, size_t size, size_t length, __u8 link, int reason, const struct pd_packet *p) {
    __u8 *copy = exactly(frame, size);
    struct pd_bytes bytes = {.data = copy, .end = copy + size, .length = (__u32)length};
    for (int outward = 0; outward < 2; outward++) {
        union pd_flow quick, whole;
        __u8 tcp_flags = 0;
        int family;
        memset(&quick, 0, sizeof(quick));
        family = pd_quick_walk(&bytes, link, outward, &quick, &tcp_flags);
        if (family == PD_QUICK_NOT) continue;
        HOLDS(reason == PD_WALK_OK && family == p->family && tcp_flags == p->tcp_flags);
        HOLDS(!(p->flags & (PD_PACKET_FIRST_FRAGMENT | PD_PACKET_LATER_FRAGMENT)));
        pd_flow_of(p, outward, &whole);
        HOLDS(!memcmp(&quick, &whole, sizeof(whole)));
    }
    free(copy);
}

static size_t take(const __u8 **data, size_t *size, size_t wanted) {
    size_t count = *size < wanted ? *size : wanted;
    *data += count;
    *size -= count;
    return count;
}

/* A table of at most `most` elements of `unit` bytes, from the input. Of large elements it has the beginning, which is repeated. */
static void *table(const __u8 **data, size_t *size, size_t unit, size_t most, __u32 *count) {
    size_t given = unit > 64 ? 24 : unit, wanted = *size ? (size_t)(**data % (most + 1)) : 0;
    __u8 *made;
    take(data, size, 1);
    if (wanted * given > *size) wanted = *size / given;
    *count = (__u32)wanted;
    made = malloc(wanted ? wanted * unit : 1);
    for (size_t i = 0; i < wanted; i++)
        for (size_t j = 0; j < unit; j++) made[i * unit + j] = (*data)[i * given + j % given];
    take(data, size, wanted * given);
    return made;
}

/* An entry of a trie that leads to a place there may be. */
static __u32 near(__u32 entry) {
    if (entry & PD_LEAF) return entry & (PD_LEAF | 15);
    if (entry & PD_ROW) return entry & (PD_ROW | 31u << PD_ROW_STRIDE_SHIFT | 7);
    return entry & (PD_LIST_KEYS << PD_LIST_KEYS_SHIFT | 63);
}

/* Asks tables that may say anything. */
static void look_up(const struct pd_packet *p, __u8 direction, int is_near, const __u8 *data, size_t size) {
    struct pd_header header;
    struct pd_interface interface;
    struct pd_tables tables = {0};
    struct pd_query query = {0};
    struct pd_scan *scan = malloc(sizeof(*scan));
    struct pd_classifier *k = &header.classifier[direction][p->family];
    struct pd_match match;
    struct pd_line *cells;
    size_t count;

    memset(&header, 0, sizeof(header));
    memset(&interface, 0, sizeof(interface));
    count = size < sizeof(*k) ? size : sizeof(*k);
    memcpy(k, data, count);
    take(&data, &size, count);
    count = size < 4 ? size : 4;
    memcpy(&interface.class_of[direction][p->family], data, count);
    take(&data, &size, count);
    tables.header = &header;
    tables.interface = k->interfaces & 2 ? 0 : &interface;
    tables.classes = table(&data, &size, sizeof(struct pd_class), 16, &tables.class_count);
    tables.cells = cells = table(&data, &size, sizeof(struct pd_line), 8, &tables.line_count);
    tables.rules = table(&data, &size, sizeof(struct pd_rule), 16, &tables.rule_count);
    tables.chunks = table(&data, &size, sizeof(struct pd_chunk), 4, &tables.chunk_count);
    tables.now = 1;
    if (is_near) {
        __u32 *roots[] = {&k->remote, &k->local, &k->source, &k->transport};
        for (size_t i = 0; i < 4; i++) *roots[i] = near(*roots[i]);
        for (__u32 i = 0; i < tables.line_count; i++)
            for (size_t cell = 0; cell < PD_ROW_CELLS; cell++) cells[i].word[2 * cell + 1] = near(cells[i].word[2 * cell + 1]);
        interface.class_of[direction][p->family] &= 15;
        k->rules &= 0xffff;
        k->rule_base &= 3;
        k->slates &= 3;
        k->boxes &= 15;
    }

    query.direction = direction;
    query.family = p->family;
    query.protocol = p->protocol;
    query.has_ports = p->flags & PD_PACKET_PORTS ? 1 : 0;
    query.source_port = p->source_port;
    query.destination_port = p->destination_port;
    memcpy(query.remote, p->source, 16);
    memcpy(query.local, p->destination, 16);
    memset(scan, 0x5a, sizeof(*scan));
    pd_classify(&tables, &header, &query, scan, &match);
    HOLDS(match.reason == PD_REASON_RULE || match.reason == PD_REASON_DEFAULT || match.reason == PD_REASON_INTERNAL);
    HOLDS(match.reason != PD_REASON_INTERNAL || match.action == PD_ACTION_DENY);
    HOLDS(match.reason != PD_REASON_DEFAULT || match.action == PD_ACTION_ALLOW);
    free((void *)tables.classes);
    free((void *)tables.cells);
    free((void *)tables.rules);
    free((void *)tables.chunks);
    free(scan);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size) {
    struct pd_packet whole, part, inner, part_inner;
    __u8 options, link, direction;
    const __u8 *frame;
    size_t length;
    int reason;

    if (size < 2) return 0;
    options = data[0];
    link = options & PD_FUZZ_RAW ? PD_LINK_RAW : PD_LINK_ETHERNET;
    direction = options & PD_FUZZ_EGRESS ? PD_EGRESS : PD_INGRESS;
    take(&data, &size, 1);
    length = size;
    if (options & PD_FUZZ_TABLES) {
        length = data[0];
        take(&data, &size, 1);
        if (length > size) length = size;
    }
    frame = data;
    take(&data, &size, length);

    reason = walk(frame, length, length, link, &whole, &inner);
    HOLDS(reason == PD_WALK_OK || reason == PD_REASON_MALFORMED || reason == PD_REASON_EXTENSIONS || reason == PD_REASON_NON_IP);
    /* Where only the beginning is at hand, what is found is what is found in all of it. */
    for (size_t cut = 0; cut < length; cut += 1 + cut / 16) {
        int found = walk(frame, cut, length, link, &part, &part_inner);
        HOLDS(found == reason || found == PD_REASON_MALFORMED);
        check_quick(frame, cut, length, link, found, &part);
        if (found == PD_WALK_OK) HOLDS(!memcmp(&part, &whole, sizeof(part)));
    }
    check_quick(frame, length, length, link, reason, &whole);
    if (reason != PD_WALK_OK) return 0;
    check_packet(&whole, length);
    check_flow(&whole);
    if (inner.flags) check_flow(&inner);
    if (options & PD_FUZZ_TABLES && !(whole.flags & PD_PACKET_LATER_FRAGMENT))
        look_up(&whole, direction, options & PD_FUZZ_NEAR, data, size);
    return 0;
}
