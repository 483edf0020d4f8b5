// DNS queries and answers by UDP, with the process that asked and the time the answer took.
//
// At a cgroup the packets of its sockets are seen, and the process is known; at an interface (tc) all that go by, forwarded ones too.
#include "../../bpf/probes/traffic.h"
#include "dns.h"

PROBE_EVENTS(struct dns_event, 1 << 20);
PROBE_COUNTS(counts, struct dns_counts);

/* The servers' port. */
const volatile __u16 port = 53;

#define HEADER 12
#define NAME_MAX 255
/* Labels and records looked at in search of an answer's first address. */
#define STEPS 64

/* A query without its answer yet, as its client, or as its server, sees it. */
struct question {
    __u8 client[16];
    __u8 server[16];
    __u16 client_port;
    __u16 id;
    __u32 is_served; /* whether the answer is sent from here */
};

struct asked {
    __u64 time;
    struct sender sender;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, struct question);
    __type(value, struct asked);
} questions SEC(".maps");

struct header {
    __be16 id;
    __be16 flags;
    __be16 questions;
    __be16 answers;
    __be16 authorities;
    __be16 additional;
};

/* The next two are functions the verifier looks at by themselves, once, rather than in each state they are called in. What they count by
 * lies in the record, in fields that are filled in later: the verifier would follow each value of a register through all turns of a loop
 * apart, and of this memory it knows nothing. */

/* Turns a name of the wire, labels that begin with their length, into text with dots, in place; `pid` says how long it may be. The length
 * the name had, or 0 if this is no name. */
__attribute__((noinline)) int dns_name(struct dns_event *event) {
    volatile __u32 *length;
    volatile __u16 *left, *end;
    char *name;

    if (!event) return 0;
    name = event->name;
    length = &event->pid;
    left = &event->answers;
    end = &event->addresses;
    *left = *end = 0;
    for (__u32 i = 0; i < NAME_MAX; i++) {
        __u8 byte = name[i];

        if (*end) {
            byte = 0;
        } else if (i >= *length) {
            return 0;
        } else if (*left) {
            *left -= 1;
        } else if (!byte) {
            *end = i + 1;
        } else if (byte > 63) {
            return 0;
        } else {
            *left = byte;
            byte = '.';
        }
        if (i) name[i - 1] = byte;
        // What lies behind was cleared before.
        if (i >= *length) break;
    }
    name[NAME_MAX - 1] = name[NAME_MAX] = 0;
    return *end;
}

/* Looks through the answers, from place `pid` in the packet on, for addresses: how many there are, and the first. */
__attribute__((noinline)) int dns_answers(struct __sk_buff *skb, struct dns_event *event) {
    struct {
        __be16 type, class;
        __u8 time_to_live[4];
        __be16 length;
    } __attribute__((packed)) record;
    volatile __u16 *left, *found;
    volatile __u32 *at;
    __u8 *address;

    if (!event) return 0;
    at = &event->pid;
    left = &event->answers;
    found = &event->addresses;
    address = event->answer_address;
    for (__u32 step = 0; step < STEPS && *left; step++) {
        __u8 first;
        if (bpf_skb_load_bytes(skb, *at, &first, 1)) return 0;
        // A label of the record's name; anything else ends the name.
        if (first && first <= 63) {
            *at += first + 1;
            continue;
        }
        *at += first ? 2 : 1;
        if (bpf_skb_load_bytes(skb, *at, &record, sizeof(record))) return 0;
        *at += sizeof(record);
        if (record.type == bpf_htons(1) && record.length == bpf_htons(4)) {
            if (!*found && !bpf_skb_load_bytes(skb, *at, address + 12, 4)) address[10] = address[11] = 0xff;
            *found += 1;
        } else if (record.type == bpf_htons(28) && record.length == bpf_htons(16)) {
            if (!*found) bpf_skb_load_bytes(skb, *at, address, 16);
            *found += 1;
        }
        *at += bpf_ntohs(record.length);
        *left -= 1;
    }
    return 0;
}

PROBE_INLINE enum dns_type type_of(__u16 number) {
    switch (number) {
    case 1: return A;
    case 2: return NS;
    case 5: return CNAME;
    case 6: return SOA;
    case 12: return PTR;
    case 15: return MX;
    case 16: return TXT;
    case 28: return AAAA;
    case 33: return SRV;
    case 35: return NAPTR;
    case 43: return DS;
    case 48: return DNSKEY;
    case 64: return SVCB;
    case 65: return HTTPS;
    case 255: return ANY;
    default: return OTHER;
    }
}

PROBE_INLINE void message(struct __sk_buff *skb, __u32 network, enum dns_direction direction, bool at_socket) {
    struct question question = {};
    struct segment segment;
    struct header header;
    struct asked asked = {}, *known = NULL;
    struct dns_event *event;
    __u32 at, length, name_length;
    __be16 type_and_class[2];
    bool is_answer;

    if (!segment_of(skb, network, IPPROTO_UDP, &segment) || (segment.source_port != port && segment.destination_port != port)) return;
    at = segment.transport + 8;
    if (bpf_skb_load_bytes(skb, at, &header, sizeof(header)) || header.questions != bpf_htons(1)) {
        PROBE_COUNT(counts, struct dns_counts, malformed);
        return;
    }
    is_answer = header.flags & bpf_htons(0x8000);
    if (is_answer) PROBE_COUNT(counts, struct dns_counts, answers);
    else PROBE_COUNT(counts, struct dns_counts, queries);

    question.is_served = (direction == SENT) == is_answer;
    question.id = header.id;
    if (is_answer) {
        __builtin_memcpy(question.client, segment.destination, 16);
        __builtin_memcpy(question.server, segment.source, 16);
        question.client_port = segment.destination_port;
    } else {
        __builtin_memcpy(question.client, segment.source, 16);
        __builtin_memcpy(question.server, segment.destination, 16);
        question.client_port = segment.source_port;
    }
    asked.time = bpf_ktime_get_boot_ns();
    if (direction == SENT && at_socket) sender_of(skb, &asked.sender);
    if (is_answer) {
        known = bpf_map_lookup_elem(&questions, &question);
    } else {
        bpf_map_update_elem(&questions, &question, &asked, BPF_ANY);
    }
    event = PROBE_RESERVE(struct dns_event);
    if (!event) goto out;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = asked.time;
    if (known) {
        event->duration_ns = asked.time - known->time;
        asked = *known;
    }
    event->kind = is_answer ? ANSWER : QUERY;
    event->direction = direction;
    event->id = bpf_ntohs(header.id);
    event->truncated = header.flags & bpf_htons(0x0200);
    event->client_port = question.client_port;
    event->server_port = is_answer ? segment.source_port : segment.destination_port;
    __builtin_memcpy(event->client_address, question.client, 16);
    __builtin_memcpy(event->server_address, question.server, 16);
    at += HEADER;
    length = segment.end - at;
    if (length > NAME_MAX) length = NAME_MAX;
    if (segment.end <= at) goto malformed;
    // In a form in which every verifier sees that it is neither zero nor more than the room.
    length = (length - 1) & 0xff;
    asm volatile("" : "+r"(length));
    length++;
    if (bpf_skb_load_bytes(skb, at, event->name, length)) goto malformed;
    event->pid = length;
    name_length = dns_name(event);
    if (!name_length || bpf_skb_load_bytes(skb, at + name_length, type_and_class, 4)) goto malformed;
    event->type_number = bpf_ntohs(type_and_class[0]);
    event->type = type_of(event->type_number);
    event->answers = event->addresses = 0;
    if (is_answer) {
        event->result_number = bpf_ntohs(header.flags) & 15;
        event->result = event->result_number <= REFUSED ? (enum dns_result)event->result_number : OTHER_RESULT;
        event->pid = at + name_length + 4;
        event->answers = bpf_ntohs(header.answers);
        dns_answers(skb, event);
        event->answers = bpf_ntohs(header.answers);
    }
    event->pid = asked.sender.pid;
    event->uid = asked.sender.uid;
    __builtin_memcpy(event->comm, asked.sender.comm, sizeof(event->comm));
    bpf_ringbuf_submit(event, 0);
out:
    if (known) bpf_map_delete_elem(&questions, &question);
    return;
malformed:
    PROBE_COUNT(counts, struct dns_counts, malformed);
    bpf_ringbuf_discard(event, 0);
    goto out;
}

SEC("cgroup_skb/egress")
int dns_sent(struct __sk_buff *skb) {
    message(skb, 0, SENT, true);
    return 1;
}

SEC("cgroup_skb/ingress")
int dns_received(struct __sk_buff *skb) {
    message(skb, 0, RECEIVED, true);
    return 1;
}

SEC("tc")
int dns_egress(struct __sk_buff *skb) {
    message(skb, ETHERNET, SENT, false);
    return -1;
}

SEC("tc")
int dns_ingress(struct __sk_buff *skb) {
    message(skb, ETHERNET, RECEIVED, false);
    return -1;
}
