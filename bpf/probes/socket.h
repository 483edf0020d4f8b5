/* Addresses, ports and state of a TCP socket, as a tracepoint hands it over. */
#pragma once
#include "probe.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* The addresses at both ends. A socket of IPv6 that speaks IPv4 has the addresses in the form the records want. */
PROBE_INLINE void addresses_of(struct sock_common *common, __u8 local[16], __u8 remote[16]) {
    if (BPF_CORE_READ(common, skc_family) == AF_INET6) {
        bpf_core_read(local, 16, &common->skc_v6_rcv_saddr);
        bpf_core_read(remote, 16, &common->skc_v6_daddr);
    } else {
        map_ipv4(local, BPF_CORE_READ(common, skc_rcv_saddr));
        map_ipv4(remote, BPF_CORE_READ(common, skc_daddr));
    }
}

PROBE_INLINE __u32 namespace_of(struct sock_common *common) {
    return BPF_CORE_READ(common, skc_net.net, ns.inum);
}
