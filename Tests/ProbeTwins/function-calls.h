/* A call of a function, from entry to return. */
#pragma once
#include "../../bpf/probes/include/record.h"

struct function_call_event {
    __u64 time; /* of the return */
    __u64 duration_ns;
    __u64 argument IN_HEX; /* the first */
    __u64 result IN_HEX;
    __u64 cookie IN_HEX; /* of the attachment, to tell functions apart */
    __u32 pid;
    __u32 tid;
    char comm[16];
};

struct function_call_counts {
    __u64 calls;     /* that returned */
    __u64 untracked; /* no room to remember the entry */
    __u64 total_ns;
};
