#pragma once
/* What the programs that write records, and who reads them, share. */
#include <linux/types.h>

struct bench_record {
    __u64 time;
    __u64 sequence;
    __u32 pid;
    __u32 argument;
    char command[16];
    __u64 rest[3];
};
