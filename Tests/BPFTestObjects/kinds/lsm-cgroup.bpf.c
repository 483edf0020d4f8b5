// Lets the processes of a control group bind no sockets.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

SEC("lsm_cgroup/socket_bind")
int BPF_PROG(bt_bind, void *socket, void *address, int length) {
    hit(0, length);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
