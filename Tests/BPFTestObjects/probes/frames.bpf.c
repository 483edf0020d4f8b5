// Counts frames: an attachment whose program the kernel can change in one step, and one that does not fit in a small probe.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} pw_frames SEC(".maps");

SEC("xdp")
int pw_count(struct xdp_md *context) {
    __u32 zero = 0;
    __u64 *value = bpf_map_lookup_elem(&pw_frames, &zero);
    if (value) __sync_fetch_and_add(value, 1);
    return context->data < context->data_end ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
