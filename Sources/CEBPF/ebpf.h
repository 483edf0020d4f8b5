// What eBPF programs in Swift need of C. Compiled twice, as the Swift module above it is: with __EBPF__ for the kernel, and without for
// the host, where types and constants are the same and calls of the kernel end the program with words.
#pragma once

typedef unsigned char ebpf_u8;
typedef unsigned short ebpf_u16;
typedef unsigned int ebpf_u32;
typedef unsigned long long ebpf_u64;
typedef int ebpf_s32;
typedef long long ebpf_s64;

#ifndef __EBPF__
#include <stdio.h>
#include <stdlib.h>

/// Ends a program that calls the kernel's functions outside the kernel.
__attribute__((noreturn)) static inline void ebpf_outside_kernel(const char *name) {
    fprintf(stderr, "EBPF: %s works in eBPF programs only; on the host use a table or packet of the host's\n", name);
    abort();
}
#endif
