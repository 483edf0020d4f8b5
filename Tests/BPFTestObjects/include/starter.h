#pragma once
// What the starter of the ring buffer reports: a process that has ended.
#include <linux/types.h>

struct starter_exit {
    __u32 pid;
    char command[16];
};
