// A program whose user needs no header: its types come from the object itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum visit_kind { VISIT_FIRST, VISIT_AGAIN, VISIT_default };

struct visitor {
    __u32 mark;
    __u16 port;
    __u16 zero;
};

struct __attribute__((packed)) tag {
    __u8 kind;
    __u32 value;
    __u16 rest;
};

struct visit {
    __u64 time;
    struct visitor visitor;
    enum visit_kind kind;
    _Bool is_large;
    struct tag tag;
    union {
        __u64 whole;
        __u16 parts[4];
    } either;
    struct {
        __u8 low : 3, high : 5;
        __s16 turn : 6;
    } bits;
    char name[12];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16);
    __type(key, struct visitor);
    __type(value, struct visit);
} visits SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
    __type(value, struct visit);
} visit_events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} visit_events_lost SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct tag);
} tags SEC(".maps");

const volatile __u32 large_from = 100;
volatile struct tag last_tag;
volatile _Bool is_loud = 1;

SEC("tc")
int note_visit(struct __sk_buff *skb) {
    struct visitor key = {.mark = skb->mark, .port = 7};
    struct visit visit = {.visitor = key, .kind = VISIT_FIRST, .name = "ab\"c"}, *known;
    __u32 zero = 0;

    known = bpf_map_lookup_elem(&visits, &key);
    if (known) visit.kind = VISIT_AGAIN;
    visit.time = 1;
    visit.is_large = skb->len >= large_from;
    visit.tag.kind = 3;
    visit.tag.value = skb->len;
    visit.tag.rest = 0xabcd;
    visit.either.parts[1] = 9;
    visit.bits.low = 5;
    visit.bits.high = 17;
    visit.bits.turn = -3;
    bpf_map_update_elem(&visits, &key, &visit, BPF_ANY);
    last_tag.value = visit.tag.value;
    if (is_loud && bpf_ringbuf_output(&visit_events, &visit, sizeof(visit), 0) < 0) {
        __u64 *lost = bpf_map_lookup_elem(&visit_events_lost, &zero);
        if (lost) *lost += 1;
    }
    return visit.kind;
}

char LICENSE[] SEC("license") = "GPL";
