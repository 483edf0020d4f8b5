/* A file opened, or that could not be. */
#pragma once
#include "../../bpf/probes/include/record.h"

struct file_open_event {
    __u64 time;
    __u64 duration_ns;
    __u32 pid;
    __u32 tid;
    __u32 uid;
    __s32 result;    /* the descriptor, or below zero the negated errno */
    __s32 directory; /* the descriptor a relative path begins at; -100 is the working directory */
    __u32 flags IN_HEX;     /* O_CREAT and the like, as given */
    __u32 mode IN_HEX;      /* of a file to be made, as given */
    bool truncated;  /* the path goes on */
    bool by_kprobe;  /* seen by the kprobe alone: no traced system call, a 32-bit one for example */
    __u8 padding[2];
    char comm[16];
    char path[256];
};
