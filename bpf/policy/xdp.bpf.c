/* Drops at XDP, before the rest of the kernel has to do with it, what one of the first rules of the policy denies.
 *
 * It asks the same tables as the program at tc, and gives one verdict only: drop, where that program would find the same rule and deny.
 * Whatever it does not know for certain goes on to be judged there: fragments, ICMP errors, resets, what may belong to a connection,
 * what cannot be read. So a packet has one verdict by one revision, and this program may be missing without anybody noticing. */
#include "maps.h"
#include "connections.h"
#include "search.h"

/* A frame as it will be at tc. */
typedef struct {
    __u32 interface;
    __u32 length;
} frame_t;
PD_INLINE __u32 frame_interface(const frame_t *frame) { return frame->interface; }
PD_INLINE __u32 frame_length(const frame_t *frame) { return frame->length; }
PD_INLINE __u32 packets_in(const frame_t *frame) { (void)frame; return 1; }
#include "record.h"

/* 1 where the kernel has frames of several parts at XDP (Linux 5.18, commit 0165cc817075): found by trial. */
volatile const __u8 has_frags = 1;

PD_INLINE struct pd_bytes bytes_of(struct xdp_md *xdp) {
    struct pd_bytes bytes = {.data = (const __u8 *)(long)xdp->data, .end = (const __u8 *)(long)xdp->data_end};
    bytes.length = has_frags ? (__u32)bpf_xdp_get_buff_len(xdp) : (__u32)(bytes.end - bytes.data);
    return bytes;
}

/* The steps of the header walk and the search, as at tc. */
__attribute__((noinline)) int early_network(struct xdp_md *xdp) {
    struct pd_bytes bytes = bytes_of(xdp);
    struct pd_scratch *scratch = scratch_of();
    if (!scratch) return PD_REASON_INTERNAL;
    __builtin_memset(&scratch->packet, 0, sizeof(scratch->packet));
    return pd_walk_network(&bytes, PD_LINK_ETHERNET, &scratch->packet);
}

__attribute__((noinline)) int early_extensions(struct xdp_md *xdp) {
    struct pd_bytes bytes = bytes_of(xdp);
    struct pd_scratch *scratch = scratch_of();
    return scratch ? pd_walk_extensions(&bytes, &scratch->packet) : PD_REASON_INTERNAL;
}

__attribute__((noinline)) int early_transport(struct xdp_md *xdp) {
    struct pd_bytes bytes = bytes_of(xdp);
    struct pd_scratch *scratch = scratch_of();
    return scratch ? pd_walk_transport(&bytes, &scratch->packet) : PD_REASON_INTERNAL;
}

__attribute__((noinline)) int early_classify(struct xdp_md *xdp) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    const struct pd_tables tables = {};
    if (!header || !scratch || !xdp) return 0;
    pd_classify(&tables, header, &scratch->query, &scratch->scan, &scratch->match);
    return 1;
}

/* Records what was decided of the packet in the scratch, a frame of so many bytes. */
__attribute__((noinline)) int early_record(struct xdp_md *xdp, __u32 length) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    frame_t frame = {.interface = xdp->ingress_ifindex, .length = length};
    if (!header || !scratch) return 0;
    record(&frame, &scratch->packet, &scratch->decision, 0, header->event_interval);
    return 1;
}

/* Whether the packet may be judged by more than the rules: as a part of something, or as an answer to something. */
PD_INLINE int is_more_than_itself(const struct pd_packet *p) {
    if (p->flags & (PD_PACKET_FIRST_FRAGMENT | PD_PACKET_LATER_FRAGMENT | PD_PACKET_ICMP_ERROR)) return 1;
    return p->protocol == PD_TCP && (p->tcp_flags & 4);
}

/* A connection under the packet's key, live or not. */
PD_INLINE int has_connection(const union pd_flow *flow, __u8 family) {
    return pd_find_established(flow, family) || pd_find_opening(flow, family);
}

/* The outermost tag, which the kernel takes out of the frame before tc sees it (skb_vlan_untag). */
PD_INLINE __u32 outer_tag(struct xdp_md *xdp) {
    const __u8 *data = (const __u8 *)(long)xdp->data;
    __u16 ethertype;
    if (data + 14 > (const __u8 *)(long)xdp->data_end) return 0;
    ethertype = pd_be16(data + 12);
    return ethertype == 0x8100 || ethertype == 0x88a8 ? 4 : 0;
}

SEC("xdp") int policyd_early(struct xdp_md *xdp) {
    const struct pd_header *header = header_of();
    struct pd_scratch *scratch = scratch_of();
    struct decision d = {};
    const struct pd_packet *p;
    const struct pd_match *match;
    __u32 mtu, early, length;

    if (!header || !scratch || !(header->early[PD_IPV4] | header->early[PD_IPV6])) return XDP_PASS;
    p = &scratch->packet;
    match = &scratch->match;
    if (early_network(xdp) != PD_WALK_OK) return XDP_PASS;
    early = header->early[p->family & 1];
    if (!early || (p->family == PD_IPV6 && early_extensions(xdp) != PD_WALK_OK)) return XDP_PASS;
    if (early_transport(xdp) != PD_WALK_OK || is_more_than_itself(p)) return XDP_PASS;

    ask(&scratch->query, p, PD_INGRESS, xdp->ingress_ifindex);
    if (!early_classify(xdp) || match->reason != PD_REASON_RULE || match->action != PD_ACTION_DENY || match->audits) return XDP_PASS;
    if (scratch->scan.order >= early) return XDP_PASS;
    pd_flow_of(p, 0, &scratch->flow);
    if (has_connection(&scratch->flow, p->family)) return XDP_PASS;

    length = (has_frags ? (__u32)bpf_xdp_get_buff_len(xdp) : (__u32)(xdp->data_end - xdp->data)) - outer_tag(xdp);
    /* Longer than the interface can receive: a GSO packet, met in generic mode only, of which tc knows how many it stands for. */
    mtu = length > 14 ? length - 14 : 1;
    if (bpf_check_mtu(xdp, 0, &mtu, 0, 0)) return XDP_PASS;

    d.rule = match->rule;
    d.verdict = PD_DENY;
    d.reason = PD_REASON_RULE;
    d.log = match->log;
    d.direction = PD_INGRESS;
    d.revision = header->revision;
    d.count = 1;
    scratch->decision = d;
    early_record(xdp, length);
    return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
