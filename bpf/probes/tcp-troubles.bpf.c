// TCP segments sent again, and resets in either direction.
#include "names.h"
#include "packet.h"
#include "socket.h"
#include "include/tcp-troubles.h"

PROBE_EVENTS(struct tcp_trouble_event, 1 << 18);

/* The network namespace to report, by its number; 0 for all. */
const volatile __u32 only_netns = 0;

/* The kernel's, of Linux 6.10 on: only asked for, so one name will do. */
enum sk_rst_reason {
    SK_RST_REASON_NOT_SPECIFIED = 0,
};

/* The length of SK_RST_REASON_, which all its names begin with. */
#define RST_REASON_PREFIX 14

/* A record with what every socket has in common: those of a connection, of a request for one, and of one in TIME_WAIT. */
PROBE_INLINE struct tcp_trouble_event *begin(struct sock_common *common, __u32 netns, enum tcp_trouble_kind kind) {
    struct tcp_trouble_event *event;

    if (only_netns && netns != only_netns) return NULL;
    event = PROBE_RESERVE(struct tcp_trouble_event);
    if (!event) return NULL;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_boot_ns();
    event->kind = kind;
    event->netns = netns;
    event->state = CLOSE;
    if (!common) return event;
    event->state = BPF_CORE_READ(common, skc_state);
    event->local_port = BPF_CORE_READ(common, skc_num);
    event->remote_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
    addresses_of(common, event->local_address, event->remote_address);
    return event;
}

SEC("raw_tp/tcp_retransmit_skb")
int retransmitted(struct bpf_raw_tracepoint_args *context) {
    struct sock *sock = (void *)context->args[0];
    struct sk_buff *skb = (void *)context->args[1];
    struct tcp_trouble_event *event = begin(&sock->__sk_common, namespace_of(&sock->__sk_common), RETRANSMIT);
    struct tcp_skb_cb *segment = (void *)__builtin_preserve_access_index(&skb->cb);

    if (!event) return 0;
    event->congestion = BPF_CORE_READ_BITFIELD_PROBED((struct inet_connection_sock *)sock, icsk_ca_state);
    event->sequence = BPF_CORE_READ(segment, seq);
    event->length = BPF_CORE_READ(segment, end_seq) - event->sequence;
    event->retransmits = BPF_CORE_READ((struct tcp_sock *)sock, total_retrans);
    bpf_ringbuf_submit(event, 0);
    return 0;
}

SEC("raw_tp/tcp_retransmit_synack")
int syn_ack_retransmitted(struct bpf_raw_tracepoint_args *context) {
    struct request_sock *request = (void *)context->args[1];
    struct tcp_trouble_event *event = begin(&request->__req_common, namespace_of(&request->__req_common), RETRANSMIT_SYN_ACK);

    if (!event) return 0;
    event->retransmits = BPF_CORE_READ_BITFIELD_PROBED(request, num_retrans);
    bpf_ringbuf_submit(event, 0);
    return 0;
}

SEC("raw_tp/tcp_send_reset")
int reset_sent(struct bpf_raw_tracepoint_args *context) {
    struct sock *sock = (void *)context->args[0];
    struct sk_buff *skb = (void *)context->args[1];
    struct tcp_trouble_event *event;
    struct packet_ends ends;
    __u32 netns;

    // Before Linux 6.10 there always is a socket. What a port without one answers comes from the packet's device.
    netns = sock ? namespace_of(&sock->__sk_common) : BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
    event = begin(sock ? &sock->__sk_common : NULL, netns, RESET_SENT);
    if (!event) return 0;
    if (bpf_core_type_exists(enum sk_rst_reason)) {
        __u32 reason = context->args[2];
        name_of_enumerator(event->reason, sizeof(event->reason), &reason, bpf_core_type_id_kernel(enum sk_rst_reason), RST_REASON_PREFIX);
    }
    // The packet that the reset answers knows better than a listening socket whom it goes to.
    if (skb && ends_of(skb, &ends) && ends.protocol == IPPROTO_TCP) {
        event->local_port = ends.destination_port;
        event->remote_port = ends.source_port;
        __builtin_memcpy(event->local_address, ends.destination, 16);
        __builtin_memcpy(event->remote_address, ends.source, 16);
    }
    bpf_ringbuf_submit(event, 0);
    return 0;
}

SEC("raw_tp/tcp_receive_reset")
int reset_received(struct bpf_raw_tracepoint_args *context) {
    struct sock *sock = (void *)context->args[0];
    struct tcp_trouble_event *event = begin(&sock->__sk_common, namespace_of(&sock->__sk_common), RESET_RECEIVED);

    if (event) bpf_ringbuf_submit(event, 0);
    return 0;
}
