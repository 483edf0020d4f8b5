/* What is attached to interfaces: reads the switch, once, and goes on with the program of the generation in force.
 *
 * Attachments hold these small programs for good. A new policy, larger tables or a new build of the datapath come into
 * force by the one store into the switch, for all interfaces and both directions at the same time. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "policyd/packet.h"
#include "control.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} policyd_progs SEC(".maps");

/* Generic XDP, whoever attached it, may leave tc with frames that begin with their network header: where the program there takes frames
 * of several parts, the kernel copies the packet and forgets the link header's length (skb_pp_cow_data, Linux 6.9 and later). The header
 * itself is still where it was; it is made part of the frame again. Returns 0, or -1 where that cannot be. */
PD_INLINE int restore_link_header(struct __sk_buff *skb) {
    const __u8 *data = (const __u8 *)(long)skb->data;
    __u8 header[14];
    __u16 ethertype;

    if (data + 14 > (const __u8 *)(long)skb->data_end) return 0;
    __builtin_memcpy(&ethertype, data + 12, 2);
    if (ethertype == (__u16)skb->protocol) return 0;
    if (bpf_skb_load_bytes_relative(skb, 0, header, 14, BPF_HDR_START_MAC)) return 0;
    __builtin_memcpy(&ethertype, header + 12, 2);
    /* Frames with a length in place of a type. */
    if (ethertype != (__u16)skb->protocol) return 0;
    if (bpf_skb_change_head(skb, 14, 0)) return -1;
    return bpf_skb_store_bytes(skb, 0, header, 14, 0) ? -1 : 0;
}

PD_INLINE int enter(struct __sk_buff *skb, __u32 direction, __u32 link) {
    const struct pd_control *control = control_of();
    __u64 slot;

    if (!control) return TC_ACT_SHOT;
    slot = slot_of(control);
    if (slot == 0) return TC_ACT_UNSPEC;
    if (direction == PD_INGRESS && link == PD_LINK_ETHERNET && restore_link_header(skb)) return TC_ACT_SHOT;
    skb->cb[0] = direction | link << 1;
    if (slot == 1) bpf_tail_call_static(skb, &policyd_progs, 0);
    else bpf_tail_call_static(skb, &policyd_progs, 1);
    /* A policy is in force and its program is not there: what cannot be judged does not pass. */
    return TC_ACT_SHOT;
}

SEC("tc") int policyd_ingress(struct __sk_buff *skb) { return enter(skb, PD_INGRESS, PD_LINK_ETHERNET); }
SEC("tc") int policyd_egress(struct __sk_buff *skb) { return enter(skb, PD_EGRESS, PD_LINK_ETHERNET); }
SEC("tc") int policyd_in_raw(struct __sk_buff *skb) { return enter(skb, PD_INGRESS, PD_LINK_RAW); }
SEC("tc") int policyd_out_raw(struct __sk_buff *skb) { return enter(skb, PD_EGRESS, PD_LINK_RAW); }

char LICENSE[] SEC("license") = "GPL";
