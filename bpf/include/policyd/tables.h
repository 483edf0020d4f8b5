/* The compiled form of a policy revision.
 *
 * Each field of a packet is reduced to a class: the set of rules that the field's value satisfies. A trie leads from the
 * value to its class. A class holds its rules in one of two forms: as a slate, a short list in evaluation order of those
 * rules that stand on this field, each with what it wants of the other fields (slates.h), or as a bit vector, where the
 * first bit that the vectors of all fields share is the first rule that matches (vectors.h). Either way the cost rests on
 * the depth of the tries and on what few rules a packet may meet, not on the number of rules. */
#pragma once
#include "base.h"

/* An entry of a trie: with PD_LEAF a class, with PD_ROW a row, else a list: how many keys it has, and the number of its first cell.
 *
 * A row is 2^stride entries, one for each value of the next `stride` bits; two entries make a cell, and a row begins at a
 * multiple of PD_ROW_CELLS. A list is what is left where values are few: the next 32 bits are compared with sorted keys.
 * Its first cell says in word[0] how many keys follow and how many bits the entries below it have behind them, and in
 * word[1] the entry before the first key; each further cell is a key and the entry from there to the next key. Ports, and types and
 * codes of ICMP, have rows of a byte only. */
#define PD_LEAF 0x80000000u
#define PD_ROW 0x40000000u
#define PD_ROW_STRIDE_SHIFT 25
#define PD_ROW_PLACE 0x01ffffffu /* in units of PD_ROW_CELLS */
#define PD_ROW_CELLS 8
#define PD_STRIDE_MIN 4
#define PD_STRIDE_MAX 20
#define PD_LIST_KEYS 7u /* at most: with its first cell a list is a line of the cache, where a row would not be much larger */
#define PD_LIST_BITS_SHIFT 8
#define PD_LIST_KEYS_SHIFT 27
#define PD_LIST_PLACE 0x07ffffffu
#define PD_CELLS_MAX (1u << 27) /* places of lists reach this far */

/* The compiler sees to it that every node but a last list leaves at least PD_STRIDE_MIN bits behind. */
#define PD_TRIE_DEPTH(bits) ((bits) / PD_STRIDE_MIN + 1)

/* A line of the cache, of PD_ROW_CELLS cells. No list lies in two. */
struct pd_line {
    __u32 word[2 * PD_ROW_CELLS];
};

/* Rules of a chunk, and words in it. 64 chunks make the largest classifier. */
#define PD_CHUNK_WORDS 64
#define PD_CHUNK_RULES 4096

/* A chunk that several classes look at, each but for a few words of its own. */
struct pd_chunk {
    __u64 summary; /* bit w: word[w] is not 0 */
    __u64 word[PD_CHUNK_WORDS];
};

/* Chunk 0 is empty, chunk 1 full. */
#define PD_CHUNK_NONE 0
#define PD_CHUNK_ALL 1

/* Class 0 satisfies every rule, class 1 none. */
#define PD_CLASS_ALL 0
#define PD_CLASS_NONE 1

#define PD_CLASS_WORDS 5
#define PD_CLASS_PARTS 10 /* with the class; the others follow in the lines behind it */
#define PD_LINE_PARTS 16

/* A class is a line of the cache: the few words in which its rules differ from those of a chunk.
 *
 * Where a classifier has more than one chunk, a class differs so from a run of chunks, and `own` gives the place of each word in 12
 * bits, 0xfff where there is none. If it differs in more words than a line holds, the line leads on to one for each chunk in which it
 * differs: `leads` is 1, and `own` says of which chunks. */
struct pd_class {
    __u64 word[PD_CLASS_WORDS]; /* leading on, numbers of lines of 32 bits. First, so that with a mask any place lies in the line */
    __u64 summary; /* bit w: word w is not 0; with several chunks, bit c: chunk c is not empty */
    __u64 own;     /* bit w: word w is here, the lowest first; with several chunks, as said above */
    __u32 chunk;   /* where the other words are; with several chunks, the first of the run */
    __u32 leads;
};

#define PD_PLACE_BITS 12
#define PD_PLACE_MASK 0xfffu

/* Entries in a line of a slate, lines of a slate, and groups that the values of a field are in. */
#define PD_SLATE_ENTRIES 12
#define PD_SLATE_LINES 8
#define PD_GROUPS 8

/* A slate: the rules of a classifier that a value of a field leaves possible, of those that are looked for by this field. A line of the
 * cache, and up to PD_SLATE_LINES - 1 lines behind it. Entries are numbers of boxes, in the order of evaluation.
 *
 * The values of protocol and port are in groups, and so are those of the second address. Of each group a line says which of its entries
 * want some of it: a box can hold a packet only where the bits for both of the packet's groups are set. */
struct pd_slate {
    __u32 high;  /* bits 16 and 17 of the entries, the first in the lowest two bits; above these 24 how many lines follow */
    __u32 where; /* of the first line: where the value lies among those of its field; in the upper 8 bits, its group */
    __u16 box[PD_SLATE_ENTRIES];
    __u16 transport[PD_GROUPS]; /* bit i: entry i wants some of the group of protocols and ports */
    __u16 other[PD_GROUPS];     /* of the group of second addresses */
};

#define PD_WHERE_PLACE 0xffffffu
#define PD_WHERE_GROUP_SHIFT 24
#define PD_SLATE_MORE_SHIFT 24
#define PD_BOXES_MAX (1 << 18)

/* What a rule wants of the fields by which it is not looked for: ranges, each the first value and how many others there are. */
struct pd_box {
    __u32 other, other_span; /* the second address, as its slates say where it lies */
    __u16 transport, transport_span; /* protocol and port, likewise */
    __u16 source, source_span;       /* the port */
    __u32 place;   /* of the rule */
    __u32 number;  /* the rule's, as in struct pd_rule */
    __u32 verdict; /* the rule's action in the low byte, then its log */
    __u32 goes_on; /* 1: struct pd_rule says more: it expires, passes, is in audit mode or spares connections */
};
#define PD_BOX_ASK 0xffffffffu

/* Which address has the slates of rules that name both: `slates` of a classifier. */
#define PD_SLATES_NONE 0
#define PD_SLATES_REMOTE 1
#define PD_SLATES_LOCAL 2

/* A classifier of so few rules has all their words in each class, whatever `own` says. */
#define PD_RULES_FEW (64 * PD_CLASS_WORDS)

enum pd_action {
    PD_ACTION_ALLOW = 0,
    PD_ACTION_DENY = 1,
    PD_ACTION_REJECT = 2,
    PD_ACTION_NEXT = 3, /* go on at `next`: a pass, or a rule in audit mode */
};

enum pd_log {
    PD_LOG_NONE = 0,
    PD_LOG_NEW = 1,
    PD_LOG_ALL = 2,
};

struct pd_rule {
    __u32 number; /* the place of its counters and its name in events; stable across revisions */
    __u32 next;   /* where the search goes on: PD_ACTION_NEXT: with that rule; else there may be one of lower `order` from there on */
    __u8 action;  /* enum pd_action: what happens */
    __u8 audit;   /* 1: in audit mode: `would` is reported, then evaluation goes on */
    __u8 would;   /* enum pd_action: what an audit rule would have done */
    __u8 log;     /* enum pd_log */
    __u32 expires; /* seconds since 1970 from which on it matches nothing; 0: never */
    __u32 since;   /* connections begun before this revision are not cut by it; 0: all are judged */
    __u32 order;   /* of evaluation */
};

/* Array maps round elements up to 8 bytes: what is not such a multiple would lie differently in the kernel and in the daemon. */
_Static_assert(sizeof(struct pd_line) % 8 == 0 && sizeof(struct pd_chunk) % 8 == 0 && sizeof(struct pd_class) == 64 &&
                   sizeof(struct pd_slate) == 64 && sizeof(struct pd_box) == 32 &&
                   sizeof(struct pd_rule) % 8 == 0,
               "elements of tables are multiples of 8 bytes");

/* The tables of one direction and family. */
struct pd_classifier {
    __u32 rules;      /* rules in it; 0: nothing can match */
    __u32 rule_base;  /* where they start in the rule table */
    __u32 remote;     /* trie over the remote address */
    __u32 local;      /* trie over the host's own address */
    __u32 source;     /* trie over the source port; tcp, udp and sctp only */
    __u32 transport;  /* trie over the protocol and behind it the destination port, or ICMP type and code */
    __u32 interfaces; /* 1: some rule names interfaces, so the packet's interface has a class */
    __u32 slates;     /* PD_SLATES_NONE: classes are bit vectors; else they are slates */
    __u32 boxes;      /* slates: the class in whose place the first two boxes lie */
};

/* Life times since the last packet, in ticks (PD_TICK_SHIFT) but for `fragment`. */
struct pd_timeouts {
    __u64 fragment; /* nanoseconds */
    __u32 tcp_opening;
    __u32 tcp_established;
    __u32 tcp_half_closed;
    __u32 tcp_closing;
    __u32 tcp_reset;
    __u32 udp;
    __u32 udp_stream;
    __u32 icmp;
    __u32 other;
    __u32 reserved;
};

struct pd_header {
    __u32 version;  /* PD_STATE_VERSION */
    __u32 revision; /* of the policy in these tables */
    struct pd_classifier classifier[2][2]; /* by direction, family */
    struct pd_timeouts timeouts;
    __u64 wall_offset;    /* nanoseconds from CLOCK_BOOTTIME to the time of day; one aligned store changes it */
    __u64 event_interval; /* nanoseconds in which further packets of a refused flow are counted, not reported */
    __u64 build;          /* what the daemon knows the object again by that the program of these tables came from */
    __u32 early[2];       /* by family: so many of the first ingress rules may be acted on at XDP, where they deny; 0: none */
};

/* The classes of a protected interface, by direction and family. Key: the interface's index. */
struct pd_interface {
    __u32 class_of[2][2];
};

/* The switch. The low two bits choose the tables: 0 nothing in force, 1 the first, 2 the second; the upper 32 bits are
 * the revision, for the daemon to read. One aligned store changes it; the entry program reads it once a packet. */
struct pd_control {
    __u64 active;
    __u32 version; /* PD_STATE_VERSION */
    __u32 build;   /* what the daemon knows the object of the entry programs again by; 0 while they are being replaced */
};

#define PD_SLOT_MASK 3

struct pd_counter {
    __u64 packets;
    __u64 bytes;
    __u64 lost; /* events that found no room in the ring */
};
