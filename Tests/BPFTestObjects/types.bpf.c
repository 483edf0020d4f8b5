// Types of every sort: in maps, in global variables, in records.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"

// Records of a ring buffer are named with it; the size would be refused by the kernel, and says nothing to it.
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
    __type(value, struct bt_opened);
} bt_records SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, struct bt_opened);
} bt_opens SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct bt_inner);
} bt_inners SEC(".maps");

// Not used: it keeps the type in the object.
const struct bt_everything *bt_unused __attribute__((unused));
const struct bt_nested *bt_unused_too __attribute__((unused));
const struct bt_plain *bt_unused_plain __attribute__((unused));

const volatile enum bt_verdict bt_default = BT_DENY;
volatile struct bt_inner bt_last = {.port = 53, .kind = 1};
volatile __u32 bt_table[4];

SEC("tc")
int bt_types(struct __sk_buff *skb) {
    __u32 mark = skb->mark;
    struct bt_opened *open = bpf_map_lookup_elem(&bt_opens, &mark);
    bt_table[0] = bt_last.port;
    return open ? (int)open->verdict : (int)bt_default;
}

char LICENSE[] SEC("license") = "GPL";
