/* Packets of TCP and UDP as programs at a cgroup and at tc see them: at a cgroup they begin with the IP header, at tc with the frame's. */
#pragma once
#include "probe.h"

#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

struct segment {
    __u32 transport; /* where the transport header begins */
    __u32 end;       /* where the packet ends, its padding left off */
    __u16 source_port;
    __u16 destination_port;
    __u8 source[16];
    __u8 destination[16];
};

/* False for other protocols, later fragments, and what is cut short. IPv6 extension headers are not walked. */
PROBE_INLINE bool segment_of(struct __sk_buff *skb, __u32 network, __u8 protocol, struct segment *out) {
    __u8 header[40];
    __be16 ports[2];

    if (bpf_skb_load_bytes(skb, network, header, 20)) return false;
    if (header[0] >> 4 == 4) {
        if (header[9] != protocol || (header[6] & 0x1f) | header[7]) return false;
        out->transport = network + (header[0] & 15) * 4;
        out->end = network + (header[2] << 8 | header[3]);
        __builtin_memset(out->source, 0, 16);
        __builtin_memset(out->destination, 0, 16);
        out->source[10] = out->source[11] = out->destination[10] = out->destination[11] = 0xff;
        __builtin_memcpy(out->source + 12, header + 12, 4);
        __builtin_memcpy(out->destination + 12, header + 16, 4);
    } else {
        if (header[0] >> 4 != 6 || header[6] != protocol || bpf_skb_load_bytes(skb, network, header, 40)) return false;
        out->transport = network + 40;
        out->end = out->transport + (header[4] << 8 | header[5]);
        __builtin_memcpy(out->source, header + 8, 16);
        __builtin_memcpy(out->destination, header + 24, 16);
    }
    // What segmentation offload has put together may be too long for the header to say.
    if (out->end > skb->len || out->end <= out->transport) out->end = skb->len;
    if (bpf_skb_load_bytes(skb, out->transport, ports, sizeof(ports))) return false;
    out->source_port = bpf_ntohs(ports[0]);
    out->destination_port = bpf_ntohs(ports[1]);
    return true;
}

struct sender {
    __u32 pid;
    __u32 uid;
    char comm[16];
};

/* The process that sends, of a packet that leaves a socket at a cgroup: the call is still under way. The helpers that tell of the current
 * process are not for these programs before Linux 6.10. */
PROBE_INLINE void sender_of(struct __sk_buff *skb, struct sender *out) {
    struct task_struct *task = (void *)bpf_get_current_task();

    out->pid = BPF_CORE_READ(task, tgid);
    BPF_CORE_READ_STR_INTO(&out->comm, task, comm);
    out->uid = bpf_get_socket_uid(skb);
}

#define ETHERNET 14
