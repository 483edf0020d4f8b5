// Packets the kernel dropped, with its own words for why and where.
#include "names.h"
#include "packet.h"
#include "include/packet-drops.h"

PROBE_EVENTS(struct packet_drop_event, 1 << 20);

/* The network namespace to report, by its number; 0 for all. */
const volatile __u32 only_netns = 0;
/* Whether to report drops without a reason too, of which many are no fault: a socket closed with data unread, for example. */
const volatile bool with_unspecified = false;

/* The kernel's, of Linux 5.17 on. Its numbers differ between versions, so these are only asked for by name. */
enum skb_drop_reason {
    SKB_CONSUMED = 1,
    SKB_DROP_REASON_NOT_SPECIFIED = 2,
};
/* The length of SKB_DROP_REASON_, which its names begin with. */
#define REASON_PREFIX 16

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 512);
    __type(key, __u32);
    __type(value, struct packet_drop_count);
} drops SEC(".maps");

/* The count of a reason, made at its first drop. */
static __attribute__((noinline)) struct packet_drop_count *count_of(__u32 reason) {
    struct packet_drop_count *count = bpf_map_lookup_elem(&drops, &reason), fresh = {};

    if (count) return count;
    if (bpf_core_type_exists(enum skb_drop_reason))
        name_of_enumerator(fresh.reason, sizeof(fresh.reason), &reason, bpf_core_type_id_kernel(enum skb_drop_reason), REASON_PREFIX);
    else __builtin_memcpy(fresh.reason, "NOT_SPECIFIED", 14);
    bpf_map_update_elem(&drops, &reason, &fresh, BPF_NOEXIST);
    return bpf_map_lookup_elem(&drops, &reason);
}

PROBE_INLINE __u32 namespace_of_packet(struct sk_buff *skb) {
    struct net_device *device = BPF_CORE_READ(skb, dev);
    struct sock *sock = BPF_CORE_READ(skb, sk);

    if (device) return BPF_CORE_READ(device, nd_net.net, ns.inum);
    return sock ? BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum) : 0;
}

SEC("raw_tp/kfree_skb")
int dropped(struct bpf_raw_tracepoint_args *context) {
    struct sk_buff *skb = (void *)context->args[0];
    void *location = (void *)context->args[1];
    struct packet_drop_event *event;
    struct packet_drop_count *count;
    struct net_device *device;
    struct packet_ends ends;
    __u32 reason = 0, netns;

    if (bpf_core_type_exists(enum skb_drop_reason)) {
        reason = context->args[2];
        if (!with_unspecified && reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED)) return 0;
    }
    netns = namespace_of_packet(skb);
    if (only_netns && netns != only_netns) return 0;
    count = count_of(reason);
    if (count) {
        __sync_fetch_and_add(&count->packets, 1);
        __sync_fetch_and_add(&count->bytes, BPF_CORE_READ(skb, len));
    }
    event = PROBE_RESERVE(struct packet_drop_event);
    if (!event) return 0;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_boot_ns();
    event->netns = netns;
    event->length_bytes = BPF_CORE_READ(skb, len);
    event->ethertype = bpf_ntohs(BPF_CORE_READ(skb, protocol));
    if ((event->ethertype == 0x0800 || event->ethertype == 0x86dd) && ends_of(skb, &ends)) {
        event->protocol = ends.protocol;
        event->source_port = ends.source_port;
        event->destination_port = ends.destination_port;
        __builtin_memcpy(event->source_address, ends.source, 16);
        __builtin_memcpy(event->destination_address, ends.destination, 16);
    }
    device = BPF_CORE_READ(skb, dev);
    if (device) BPF_CORE_READ_STR_INTO(&event->interface, device, name);
    if (count) __builtin_memcpy(event->reason, count->reason, sizeof(event->reason));
    BPF_SNPRINTF(event->location, sizeof(event->location), "%ps", location);
    bpf_ringbuf_submit(event, 0);
    return 0;
}
