// Sections as others name them, and a ring buffer that says what its records are.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct opening_record {
    __u64 time;
    __u32 length;
    char comm[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, struct opening_record);
} bt_open_ring SEC(".maps");

const volatile __u32 bt_open_mark = 7;
__u64 bt_open_seen;

struct bpf_nf_ctx;

#define PROGRAM(section, name, context, verdict)         \
    SEC(section) int name(struct context *ctx) {         \
        (void)ctx;                                       \
        return verdict;                                  \
    }

PROGRAM("classifier/web", bt_classifier, __sk_buff, 0)
PROGRAM("xdp_prog1", bt_xdp_old, xdp_md, XDP_PASS)
PROGRAM("xdp/filter", bt_xdp_slash, xdp_md, XDP_PASS)
PROGRAM("socket1", bt_socket, __sk_buff, 0)
PROGRAM("tcx/ingress", bt_tcx, __sk_buff, -1)
PROGRAM("tc/egress", bt_tc, __sk_buff, 0)
PROGRAM("action/mark", bt_action, __sk_buff, 0)
PROGRAM("kprobe_old", bt_kprobe_old, pt_regs, 0)
PROGRAM("cgroup_skb/ingress/web", bt_cgroup, __sk_buff, 1)
PROGRAM("netfilter", bt_netfilter, bpf_nf_ctx, 1)
PROGRAM("tcp_retransmit", bt_unknown, __sk_buff, 0)
PROGRAM("?tc", bt_unasked, __sk_buff, 0)

SEC("tc")
int bt_record(struct __sk_buff *skb) {
    struct opening_record *record = bpf_ringbuf_reserve(&bt_open_ring, sizeof *record, 0);
    if (!record) return 0;
    record->length = skb->len + bt_open_mark;
    bt_open_seen++;
    bpf_ringbuf_submit(record, 0);
    return 1;
}

char _license[] SEC("license") = "GPL";
