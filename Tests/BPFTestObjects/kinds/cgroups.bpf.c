// A program for each hook of control groups, which counts and lets everything through, but for what says how it can judge.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "hits.h"

#define BT_COUNT(section, name, context_type, index, verdict)                                                           \
    SEC(section) int bt_##name(struct context_type *context) {                                                          \
        hit(index, 1);                                                                                                  \
        return verdict;                                                                                                 \
    }

BT_COUNT("cgroup_skb/ingress", ingress, __sk_buff, 0, 1)
BT_COUNT("cgroup_skb/egress", egress, __sk_buff, 1, 1)
BT_COUNT("cgroup/sock_create", sock_create, bpf_sock, 2, 1)
BT_COUNT("cgroup/sock_release", sock_release, bpf_sock, 3, 1)
BT_COUNT("cgroup/post_bind4", post_bind4, bpf_sock, 4, 1)
BT_COUNT("cgroup/post_bind6", post_bind6, bpf_sock, 5, 1)
BT_COUNT("cgroup/bind4", bind4, bpf_sock_addr, 6, 1)
BT_COUNT("cgroup/bind6", bind6, bpf_sock_addr, 7, 1)
BT_COUNT("cgroup/connect6", connect6, bpf_sock_addr, 9, 1)
BT_COUNT("cgroup/sendmsg4", sendmsg4, bpf_sock_addr, 10, 1)
BT_COUNT("cgroup/sendmsg6", sendmsg6, bpf_sock_addr, 11, 1)
BT_COUNT("cgroup/recvmsg4", recvmsg4, bpf_sock_addr, 12, 1)
BT_COUNT("cgroup/recvmsg6", recvmsg6, bpf_sock_addr, 13, 1)
BT_COUNT("cgroup/getpeername4", getpeername4, bpf_sock_addr, 14, 1)
BT_COUNT("cgroup/getpeername6", getpeername6, bpf_sock_addr, 15, 1)
BT_COUNT("cgroup/getsockname4", getsockname4, bpf_sock_addr, 16, 1)
BT_COUNT("cgroup/getsockname6", getsockname6, bpf_sock_addr, 17, 1)
BT_COUNT("cgroup/dev", dev, bpf_cgroup_dev_ctx, 18, 1)
BT_COUNT("cgroup/sysctl", sysctl, bpf_sysctl, 19, 1)
BT_COUNT("cgroup/getsockopt", getsockopt, bpf_sockopt, 20, 1)
BT_COUNT("sockops", sock_ops, bpf_sock_ops, 22, 1)

// Refuses connections to port 7.
SEC("cgroup/connect4") int bt_connect4(struct bpf_sock_addr *context) {
    hit(8, bpf_ntohs(context->user_port));
    return context->user_port != bpf_htons(7);
}

// Refuses to have the kernel's time stamps: SO_TIMESTAMP.
SEC("cgroup/setsockopt") int bt_setsockopt(struct bpf_sockopt *context) {
    hit(21, context->optname);
    return context->optname != 29;
}

char LICENSE[] SEC("license") = "GPL";
