// Reports each process that ends, with its number and its name.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "starter.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 << 10);
} events SEC(".maps");

SEC("raw_tp/sched_process_exit")
int on_exit(void *context) {
    struct starter_exit *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);

    if (!event) return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(event->command, sizeof event->command);
    bpf_ringbuf_submit(event, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
