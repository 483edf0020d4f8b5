/* Addresses and ports of a packet that a tracepoint hands over: what lies in the packet's first piece, where the kernel keeps headers. */
#pragma once
#include "probe.h"

struct packet_ends {
    __u8 protocol;
    __u16 source_port; /* host order; 0 where the protocol has none */
    __u16 destination_port;
    __u8 source[16];
    __u8 destination[16];
};

PROBE_INLINE bool has_ports(__u8 protocol) { return protocol == 6 || protocol == 17 || protocol == 132 || protocol == 136; }

/* False where there is no IP header, or none yet. */
PROBE_INLINE bool ends_of(struct sk_buff *skb, struct packet_ends *ends) {
    unsigned char *header = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
    __u8 bytes[40];
    __be16 ports[2] = {};
    __u32 length = 40;

    __builtin_memset(ends, 0, sizeof(*ends));
    if (bpf_probe_read_kernel(bytes, sizeof(bytes), header)) return false;
    if (bytes[0] >> 4 == 4) {
        length = (bytes[0] & 15) * 4;
        ends->protocol = bytes[9];
        __builtin_memset(ends->source, 0, 10);
        ends->source[10] = ends->source[11] = ends->destination[10] = ends->destination[11] = 0xff;
        __builtin_memcpy(ends->source + 12, bytes + 12, 4);
        __builtin_memcpy(ends->destination + 12, bytes + 16, 4);
        // A later fragment has no transport header.
        if ((bytes[6] & 0x1f) | bytes[7]) return true;
    } else if (bytes[0] >> 4 == 6) {
        ends->protocol = bytes[6];
        __builtin_memcpy(ends->source, bytes + 8, 16);
        __builtin_memcpy(ends->destination, bytes + 24, 16);
    } else {
        return false;
    }
    if (!has_ports(ends->protocol) || bpf_probe_read_kernel(ports, sizeof(ports), header + length)) return true;
    ends->source_port = bpf_ntohs(ports[0]);
    ends->destination_port = bpf_ntohs(ports[1]);
    return true;
}
