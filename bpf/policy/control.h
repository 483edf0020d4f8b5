/* The switch, as the entry programs at tc and XDP read it: both go by the same one. */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "policyd/tables.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pd_control);
} policyd_control SEC(".maps");

PD_INLINE const struct pd_control *control_of(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&policyd_control, &zero);
}

/* The generation in force, 0 for none. One load, so that it is one or the other. */
PD_INLINE __u64 slot_of(const struct pd_control *control) { return *(const volatile __u64 *)&control->active & PD_SLOT_MASK; }
