/* The maps of the datapath. Their sizes are set by the daemon before the object is loaded. */
#pragma once
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "policyd.h"

/* One generation of tables: written by the daemon through memory mappings while the other generation is in force. */
#define PD_TABLE(name, type_of_value)        \
    struct {                                 \
        __uint(type, BPF_MAP_TYPE_ARRAY);    \
        __uint(map_flags, BPF_F_MMAPABLE);   \
        __uint(max_entries, 1);              \
        __type(key, __u32);                  \
        __type(value, type_of_value);        \
    } name SEC(".maps")

PD_TABLE(policyd_header, struct pd_header);
PD_TABLE(policyd_cells, struct pd_cell);
PD_TABLE(policyd_classes, struct pd_class);
PD_TABLE(policyd_chunks, struct pd_chunk);
PD_TABLE(policyd_rules, struct pd_rule);

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, struct pd_interface);
} policyd_ifaces SEC(".maps");

/* What both generations share; connections are in connections.h. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct pd_fragment_key);
    __type(value, struct pd_fragment);
} policyd_frags SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct pd_refused_key);
    __type(value, struct pd_refused);
} policyd_refused SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct pd_reply_key);
    __type(value, struct pd_reply);
} policyd_reply SEC(".maps");

/* For each CPU in turn, by rule number; below PD_REASONS by reason. A plain array: one per CPU takes an allocation for each element, which is
 * 40 ms for the usual 65,520. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pd_counter);
} policyd_counter SEC(".maps");

/* How many of them each CPU has. */
volatile const __u32 counters = 0;

/* Frames that are not IP, by ethertype in host order. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
    __uint(max_entries, 256);
    __type(key, __u16);
    __type(value, struct pd_counter);
} policyd_ether SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 * 1024 * 1024);
} policyd_events SEC(".maps");

/* Room to write the answer to a rejected packet in. The parts lie so that the transport header is at the same place in both families. */
#define PD_QUOTE_MAX 256

struct pd_answer {
    __u8 ip[40]; /* IPv4 in the last 20 bytes */
    __u8 transport[8 + PD_QUOTE_MAX]; /* a TCP header, or an ICMP message: 8 bytes and what it quotes */
    __u8 link[12];
    __u32 pseudo[2];
    __u64 second; /* of CLOCK_MONOTONIC_COARSE, in which `sent` ICMP messages were sent by this CPU */
    __u32 sent;
    __u32 reserved;
};

/* What is decided about a packet, on its way to the record. */
struct decision {
    __u32 rule; /* number, or PD_NO_RULE */
    __u32 revision;
    __u64 count;
    __u8 verdict;
    __u8 reason;
    __u8 direction;
    __u8 log;
};

/* What a packet's judgement needs beyond the 512 bytes of stack. Programs at tc run with softirqs off, one at a time on a CPU. */
struct pd_scratch {
    struct pd_packet packet;
    struct pd_packet inner; /* the packet an ICMP error speaks of */
    struct pd_query query;
    struct pd_scan scan;
    struct pd_match match;
    struct decision decision; /* that is to be recorded */
    union pd_flow flow;
    struct pd_reply_key reply_key;
    struct pd_answer answer;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pd_scratch);
} policyd_scratch SEC(".maps");

PD_INLINE struct pd_scratch *scratch_of(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&policyd_scratch, &zero);
}

PD_INLINE const struct pd_header *header_of(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&policyd_header, &zero);
}
