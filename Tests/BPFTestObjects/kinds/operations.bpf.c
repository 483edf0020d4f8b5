// A congestion control for TCP, made of programs.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

struct sock;

// As much of the kernel's struct as is filled.
struct tcp_congestion_ops {
    void (*init)(struct sock *socket);
    void (*release)(struct sock *socket);
    __u32 (*ssthresh)(struct sock *socket);
    void (*cong_avoid)(struct sock *socket, __u32 acknowledged, __u32 count);
    __u32 (*undo_cwnd)(struct sock *socket);
    char name[16];
} __attribute__((preserve_access_index));

SEC("struct_ops")
void BPF_PROG(bt_init, struct sock *socket) { hit(0, 1); }

SEC("struct_ops")
void BPF_PROG(bt_release, struct sock *socket) { hit(1, 1); }

SEC("struct_ops")
__u32 BPF_PROG(bt_ssthresh, struct sock *socket) { return 10; }

SEC("struct_ops")
void BPF_PROG(bt_avoid, struct sock *socket, __u32 acknowledged, __u32 count) { hit(2, count); }

SEC("struct_ops")
__u32 BPF_PROG(bt_undo, struct sock *socket) { return 10; }

SEC(".struct_ops")
struct tcp_congestion_ops bt_congestion = {
    .init = (void *)bt_init,
    .release = (void *)bt_release,
    .ssthresh = (void *)bt_ssthresh,
    .cong_avoid = (void *)bt_avoid,
    .undo_cwnd = (void *)bt_undo,
    .name = "bt_congestion",
};

char LICENSE[] SEC("license") = "GPL";
