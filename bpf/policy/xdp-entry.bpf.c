/* What is attached at XDP: reads the same switch as the programs at tc, once, and goes on with the program of that generation. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "control.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} policyd_earlies SEC(".maps");

SEC("xdp") int policyd_xdp(struct xdp_md *xdp) {
    const struct pd_control *control = control_of();
    __u64 slot;

    if (!control) return XDP_PASS;
    slot = slot_of(control);
    if (slot == 1) bpf_tail_call_static(xdp, &policyd_earlies, 0);
    else if (slot == 2) bpf_tail_call_static(xdp, &policyd_earlies, 1);
    /* Nothing is in force, or there is no program here: the one at tc judges. */
    return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
