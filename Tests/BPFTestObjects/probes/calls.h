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
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
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

static __always_inline int tell(__u32 argument, enum call_way way) {
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (pid != watched || (only != CALL_NONE && only != way)) return 0;
    for (int i = 0; i < 4; i++)
        if (skipped[i] != 0 && skipped[i] == argument) return 0;
    struct call *call = bpf_ringbuf_reserve(&pw_calls, sizeof *call, 0);
    if (!call) {
        __u32 zero = 0;
        __u64 *lost = bpf_map_lookup_elem(&pw_calls_lost, &zero);
        if (lost) *lost += 1;
        return 0;
    }
    call->time = bpf_ktime_get_boot_ns();
    call->pid = pid;
    call->argument = argument;
    call->way = way;
    call->version = VERSION;
    bpf_get_current_comm(call->command, sizeof call->command);
    for (int i = 0; i < 16; i++) call->label[i] = label[i];
    bpf_ringbuf_submit(call, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
