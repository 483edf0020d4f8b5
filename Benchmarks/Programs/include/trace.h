/* What the program that replays traces shares with the one that fills them. */
#pragma once
#include <linux/types.h>

#define BENCH_FRAME 96

/* A frame and what is behind it, up to the size all frames of a trace have. */
struct bench_frame {
    __u64 word[BENCH_FRAME / 8];
};

struct bench_control {
    __u32 next;  /* the frame to come */
    __u32 count; /* frames in the trace */
    __u64 word;  /* goes into the first two control words of the packet */
};

/* A flow as it lies in the frame: source, destination, ports, protocol. */
struct bench_flow4 {
    __u32 word[4];
};

struct bench_flow6 {
    __u32 word[10];
};

/* As large as what a connection table has to keep. */
struct bench_state {
    __u64 word[9];
};

struct bench_prefix4 {
    __u32 length;
    __u32 address; /* network order */
};
