/* Memory taken from an allocator and given back. */
#pragma once
#include "record.h"

enum allocation_kind {
    ALLOCATE = 1,
    RELEASE = 2,
};

struct allocation_event {
    __u64 time;
    __u64 address IN_HEX;
    __u64 size_bytes; /* of a release: what the allocation had, 0 if it was not seen */
    __u32 pid;
    __u32 tid;
    __s32 stack; /* a key of the map `stacks`; below zero where the stack could not be read */
    enum allocation_kind kind;
    char comm[16];
};

/* A place in a program that allocates. */
struct allocation_place {
    __u32 pid;
    __s32 stack;
};

struct allocation_totals {
    __s64 outstanding_bytes;
    __s64 outstanding;
    __u64 allocated_bytes;
    __u64 allocated;
};

struct allocation_counts {
    __u64 allocated;
    __u64 failed;
    __u64 released;
    __u64 released_unseen; /* allocated before the probe, or untracked */
    __u64 untracked;       /* no room to remember the allocation: it is missing from what is outstanding */
};
