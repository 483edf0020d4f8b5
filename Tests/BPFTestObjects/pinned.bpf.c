// A map that asks to be pinned, and one whose fields differ from those of another object's map of the same size.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bt_shape {
    __u32 address;
    struct {
        __u16 port;
        __u16 protocol : 4, rest : 12;
    } peer;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __type(key, struct bt_shape);
    __type(value, __u64[2]);
} bt_kept SEC(".maps");

SEC("tc")
int bt_keep(struct __sk_buff *skb) {
    struct bt_shape key = {.address = skb->mark};
    __u64 value[2] = {skb->len, 1};
    return bpf_map_update_elem(&bt_kept, &key, value, BPF_ANY);
}

char LICENSE[] SEC("license") = "GPL";
