// What the probes of the system tests have in common: they tell of one process's calls of getpgid.
#pragma once
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum call_way { CALL_NONE, CALL_TRACEPOINT, CALL_UPROBE };

struct call {
    __u64 time;
    __u32 pid;
    __u32 argument;
    enum call_way way;
    __u32 version;
    char command[16];
    char label[16];
};

const struct call *unused_call __attribute__((unused));

struct {
#ifdef BY_PERF
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
#else
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
#endif
} pw_calls SEC(".maps");

// What there was no room for.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} pw_calls_lost SEC(".maps");

const volatile __u32 watched;
const volatile char label[16] = "none";
const volatile enum call_way only = CALL_NONE;
const volatile __u16 skipped[4];

static __always_inline void fill(struct call *call, __u32 argument, enum call_way way) {
    call->time = bpf_ktime_get_boot_ns();
    call->pid = bpf_get_current_pid_tgid() >> 32;
    call->argument = argument;
    call->way = way;
    call->version = VERSION;
    bpf_get_current_comm(call->command, sizeof call->command);
    for (int i = 0; i < 16; i++) call->label[i] = label[i];
}

static __always_inline int tell(void *context, __u32 argument, enum call_way way) {
    __u32 zero = 0;
    __u64 *lost;

    if (bpf_get_current_pid_tgid() >> 32 != watched || (only != CALL_NONE && only != way)) return 0;
    for (int i = 0; i < 4; i++)
        if (skipped[i] != 0 && skipped[i] == argument) return 0;
#ifdef BY_PERF
    struct call call = {};
    fill(&call, argument, way);
    if (!bpf_perf_event_output(context, &pw_calls, BPF_F_CURRENT_CPU, &call, sizeof call)) return 0;
#else
    struct call *call = bpf_ringbuf_reserve(&pw_calls, sizeof *call, 0);
    if (call) {
        fill(call, argument, way);
        bpf_ringbuf_submit(call, 0);
        return 0;
    }
#endif
    lost = bpf_map_lookup_elem(&pw_calls_lost, &zero);
    if (lost) *lost += 1;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
