// TLS handshakes that fail, as the wire shows them: alerts, and connections that end before the handshake is through.
//
// Both directions' records are followed by their lengths from the client's first message on. A side is through when it has sent its
// Finished: up to TLS 1.2 that is a handshake record behind its ChangeCipherSpec, in TLS 1.3 it looks like application data.
#include "traffic.h"
#include "include/tls-failures.h"

PROBE_EVENTS(struct tls_failure_event, 1 << 18);
PROBE_COUNTS(counts, struct tls_counts);

/* The servers' port; 0 for any, as a client's first message is known by its looks. */
const volatile __u16 port = 0;

enum record_type {
    CHANGE_CIPHER_SPEC = 20,
    ALERT_RECORD = 21,
    HANDSHAKE = 22,
    APPLICATION_DATA = 23,
};

#define CLIENT_HELLO 1
#define SERVER_HELLO 2
/* Headers looked at in one packet, and extensions in a client's hello. */
#define RECORDS 8
#define EXTENSIONS 24
/* An alert of two bytes, encrypted as TLS 1.3 does it: its type behind it, and 16 bytes to tell forgeries. */
#define ENCRYPTED_ALERT_LENGTH 19

/* The ends of a connection, the smaller port first, so that both directions find it. */
struct connection {
    __u8 addresses[2][16];
    __u16 ports[2];
};

/* One side of a handshake. */
struct side {
    __u32 next; /* the sequence number its next record begins at */
    bool has_sent;
    bool has_changed_cipher;
    bool is_through;
    __u8 padding;
};

struct handshake {
    __u64 began;
    struct side sides[2]; /* client, server */
    struct sender sender;
    __u16 client_port;
    bool client_is_second; /* of the two ends */
    bool server_answered;
    bool is_unclear; /* a record's header was missed */
    __u8 padding[3];
    char server_name[128];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, struct connection);
    __type(value, struct handshake);
} handshakes SEC(".maps");

/* A handshake is too large for the stack: a new one is put together here. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct handshake);
} empty SEC(".maps");

struct record {
    __u8 type;
    __u8 major;
    __u8 minor;
    __u8 length[2];
    __u8 first; /* of what it holds: of a handshake message its type, of an alert its level */
    __u8 second;
} __attribute__((packed));

/* The packet and the handshake it belongs to. */
struct view {
    struct connection key;
    __u32 sequence;
    __u32 payload; /* where it begins */
    __u32 length;
    __u8 flags; /* of TCP */
    bool by_server;
};

#define FIN 1
#define RST 4

static __attribute__((noinline)) int fail(struct view *view, enum tls_failure_kind kind, enum tls_alert alert) {
    struct handshake *handshake = view ? bpf_map_lookup_elem(&handshakes, &view->key) : NULL;
    struct tls_failure_event *event;
    bool client;

    if (!handshake) return 0;
    PROBE_COUNT(counts, struct tls_counts, failed);
    event = PROBE_RESERVE(struct tls_failure_event);
    if (!event) goto out;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_boot_ns();
    event->duration_ns = event->time - handshake->began;
    event->pid = handshake->sender.pid;
    event->uid = handshake->sender.uid;
    event->kind = kind;
    event->by = view->by_server ? SERVER : CLIENT;
    event->alert = alert;
    event->server_answered = handshake->server_answered;
    client = handshake->client_is_second;
    event->client_port = client ? view->key.ports[1] : view->key.ports[0];
    event->server_port = client ? view->key.ports[0] : view->key.ports[1];
    __builtin_memcpy(event->comm, handshake->sender.comm, sizeof(event->comm));
    __builtin_memcpy(event->client_address, client ? view->key.addresses[1] : view->key.addresses[0], 16);
    __builtin_memcpy(event->server_address, client ? view->key.addresses[0] : view->key.addresses[1], 16);
    __builtin_memcpy(event->server_name, handshake->server_name, sizeof(event->server_name));
    bpf_ringbuf_submit(event, 0);
out:
    bpf_map_delete_elem(&handshakes, &view->key);
    return 0;
}

/* The name in the extension `server_name` of a client's hello, which begins at `at` with its random bytes' version before it. */
PROBE_INLINE void read_server_name(struct __sk_buff *skb, __u32 at, char name[128]) {
    __u8 byte;
    __be16 word, words[2];
    struct {
        __be16 list;
        __u8 kind;
        __be16 length;
    } __attribute__((packed)) entry;
    __u32 length;

    at += 2 + 32;
    if (bpf_skb_load_bytes(skb, at, &byte, 1)) return; // session
    at += 1 + byte;
    if (bpf_skb_load_bytes(skb, at, &word, 2)) return; // cipher suites
    at += 2 + bpf_ntohs(word);
    if (bpf_skb_load_bytes(skb, at, &byte, 1)) return; // compression
    at += 1 + byte + 2;
    for (__u32 i = 0; i < EXTENSIONS; i++) {
        if (bpf_skb_load_bytes(skb, at, words, 4)) return;
        at += 4;
        if (words[0]) {
            at += bpf_ntohs(words[1]);
            continue;
        }
        if (bpf_skb_load_bytes(skb, at, &entry, sizeof(entry)) || entry.kind) return;
        length = bpf_ntohs(entry.length);
        if (length > 127) length = 127;
        if (!length) return;
        // In a form in which every verifier sees that it is neither zero nor more than the room.
        length = (length - 1) & 127;
        asm volatile("" : "+r"(length));
        length++;
        bpf_skb_load_bytes(skb, at + sizeof(entry), name, length);
        return;
    }
}

/* A client's first message: from here on the connection is watched. */
static __attribute__((noinline)) int begin(struct __sk_buff *skb, struct view *view, int client_is_second, int at_socket) {
    __u32 zero = 0;
    struct handshake *handshake = bpf_map_lookup_elem(&empty, &zero);

    if (!handshake || !view || bpf_map_update_elem(&handshakes, &view->key, handshake, BPF_NOEXIST)) return 0;
    handshake = bpf_map_lookup_elem(&handshakes, &view->key);
    if (!handshake) return 0;
    PROBE_COUNT(counts, struct tls_counts, begun);
    handshake->began = bpf_ktime_get_boot_ns();
    handshake->client_is_second = client_is_second;
    handshake->sides[0].next = view->sequence;
    handshake->sides[0].has_sent = true;
    if (at_socket) sender_of(skb, &handshake->sender);
    // Behind the headers of record and message.
    read_server_name(skb, view->payload + 5 + 4, handshake->server_name);
    return 0;
}

/* What one record says. Whether the handshake is still to be watched. */
PROBE_INLINE bool judge(struct view *view, struct handshake *handshake, struct side *side, struct record *record, __u32 length) {
    switch (record->type) {
    case CHANGE_CIPHER_SPEC:
        side->has_changed_cipher = true;
        return true;
    case ALERT_RECORD:
        if (length != 2) {
            fail(view, ENCRYPTED_ALERT, not_told);
            return false;
        }
        // Warnings go on, and whoever takes back its wish to talk says how it ends by closing.
        if (record->first < 2) return true;
        fail(view, ALERT, record->second);
        return false;
    case HANDSHAKE:
        if (view->by_server && record->first == SERVER_HELLO) handshake->server_answered = true;
        // A client asked to try again sends a second hello, also behind a ChangeCipherSpec.
        if (side->has_changed_cipher && record->first != CLIENT_HELLO && record->first != SERVER_HELLO) side->is_through = true;
        return true;
    case APPLICATION_DATA:
        // Before the server's hello this is early data.
        if (!handshake->server_answered) return true;
        if (length == ENCRYPTED_ALERT_LENGTH && !side->is_through) {
            fail(view, ENCRYPTED_ALERT, not_told);
            return false;
        }
        side->is_through = true;
        return true;
    }
    return true;
}

/* The headers of the records that begin in this packet. */
static __attribute__((noinline)) int follow(struct __sk_buff *skb, struct view *view) {
    struct handshake *handshake = view ? bpf_map_lookup_elem(&handshakes, &view->key) : NULL;
    struct side *side;

    if (!handshake) return 0;
    side = view->by_server ? &handshake->sides[1] : &handshake->sides[0];
    if (!side->has_sent) {
        side->next = view->sequence;
        side->has_sent = true;
    }
    for (int i = 0; i < RECORDS; i++) {
        __u32 at = side->next - view->sequence, length;
        struct record record = {};

        // None begins here: this was seen before, or one longer than the packet goes on.
        if (at >= view->length && at < 1u << 31) return 0;
        if (at >= view->length) {
            // One has begun before this packet: what lay between was missed, or comes later.
            handshake->is_unclear = true;
            return 0;
        }
        if (at + 5 > view->length || bpf_skb_load_bytes(skb, view->payload + at, &record, 5)) {
            handshake->is_unclear = true;
            return 0;
        }
        if (record.type < CHANGE_CIPHER_SPEC || record.type > APPLICATION_DATA || record.major != 3) {
            if (view->by_server && !handshake->server_answered) return fail(view, NOT_TLS, not_told);
            handshake->is_unclear = true;
            return 0;
        }
        if (at + 7 <= view->length) bpf_skb_load_bytes(skb, view->payload + at, &record, 7);
        length = record.length[0] << 8 | record.length[1];
        side->next += 5 + length;
        if (!judge(view, handshake, side, &record, length)) return 0;
    }
    return 0;
}

PROBE_INLINE void packet(struct __sk_buff *skb, __u32 network, bool is_sent_by_socket) {
    struct handshake *handshake;
    struct segment segment;
    struct view view = {};
    struct record record;
    __u8 header[20];
    bool swapped;

    if (!segment_of(skb, network, IPPROTO_TCP, &segment)) return;
    if (port && segment.source_port != port && segment.destination_port != port) return;
    if (bpf_skb_load_bytes(skb, segment.transport, header, sizeof(header))) return;
    view.sequence = (__u32)header[4] << 24 | header[5] << 16 | header[6] << 8 | header[7];
    view.payload = segment.transport + (header[12] >> 4) * 4;
    view.length = view.payload < segment.end ? segment.end - view.payload : 0;
    view.flags = header[13];
    swapped = segment.source_port > segment.destination_port;
    if (swapped) {
        __builtin_memcpy(view.key.addresses[0], segment.destination, 16);
        __builtin_memcpy(view.key.addresses[1], segment.source, 16);
        view.key.ports[0] = segment.destination_port;
        view.key.ports[1] = segment.source_port;
    } else {
        __builtin_memcpy(view.key.addresses[0], segment.source, 16);
        __builtin_memcpy(view.key.addresses[1], segment.destination, 16);
        view.key.ports[0] = segment.source_port;
        view.key.ports[1] = segment.destination_port;
    }
    handshake = bpf_map_lookup_elem(&handshakes, &view.key);
    if (!handshake) {
        if (view.length < 11 || bpf_skb_load_bytes(skb, view.payload, &record, sizeof(record))) return;
        if (record.type != HANDSHAKE || record.major != 3 || record.first != CLIENT_HELLO) return;
        begin(skb, &view, swapped, is_sent_by_socket);
        handshake = bpf_map_lookup_elem(&handshakes, &view.key);
        if (!handshake) return;
    }
    view.by_server = handshake->client_is_second != swapped;
    if (view.length) follow(skb, &view);
    handshake = bpf_map_lookup_elem(&handshakes, &view.key);
    if (!handshake) return;
    if (handshake->sides[0].is_through && handshake->sides[1].is_through) {
        PROBE_COUNT(counts, struct tls_counts, completed);
        bpf_map_delete_elem(&handshakes, &view.key);
    } else if (view.flags & (FIN | RST)) {
        if (handshake->is_unclear) {
            PROBE_COUNT(counts, struct tls_counts, unclear);
            bpf_map_delete_elem(&handshakes, &view.key);
        } else {
            fail(&view, view.flags & RST ? RESET : ENDED, not_told);
        }
    }
}

SEC("cgroup_skb/egress")
int tls_sent(struct __sk_buff *skb) {
    packet(skb, 0, true);
    return 1;
}

SEC("cgroup_skb/ingress")
int tls_received(struct __sk_buff *skb) {
    packet(skb, 0, false);
    return 1;
}

// At an interface one program serves either direction.
SEC("tc")
int tls_at_interface(struct __sk_buff *skb) {
    packet(skb, ETHERNET, false);
    return -1;
}
