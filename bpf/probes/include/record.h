/* What the records of the bundled probes have in common.
 *
 * A record says who and when in fields of these names: `time` in nanoseconds since boot (CLOCK_BOOTTIME), `pid` and `uid` of the process in
 * the first namespaces, `comm`, its name. Where no process can be told, all three are zero. Durations and sizes end in their unit. A field
 * whose name ends in `_address` is 16 bytes in network order, IPv4 as ::ffff:a.b.c.d; ports are numbers in host order. */
#pragma once
#include <linux/types.h>
#include <stdbool.h>

/* A number that readers show in hexadecimal; a tag that only eBPF's type information has room for. */
#ifdef __bpf__
#define IN_HEX __attribute__((btf_decl_tag("hex")))
#else
#define IN_HEX
#endif

/* States of a TCP connection, numbered as in the kernel. */
enum tcp_state {
    ESTABLISHED = 1,
    SYN_SENT,
    SYN_RECV,
    FIN_WAIT1,
    FIN_WAIT2,
    TIME_WAIT,
    CLOSE,
    CLOSE_WAIT,
    LAST_ACK,
    LISTEN,
    CLOSING,
    NEW_SYN_RECV,
};
