// Calls of named functions in named binaries: how long each took, and how many took how long.
#include "../../bpf/probes/probe.h"
#include "function-calls.h"

PROBE_EVENTS(struct function_call_event, 1 << 20);
PROBE_COUNTS(counts, struct function_call_counts);

/* The process to watch; 0 for all. */
const volatile __u32 only_pid = 0;
/* Calls that took less are counted, and not reported. */
const volatile __u64 slower_than_ns = 0;

/* A call under way: its thread, and where the stack is once it has returned. A function that calls itself has one for each level, and one
 * left by longjmp() disturbs no other. */
struct call {
    __u64 thread;
    __u64 stack;
};

struct entry {
    __u64 began;
    __u64 argument;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct call);
    __type(value, struct entry);
} calls SEC(".maps");

/* Element n counts the calls that took at least 2^n nanoseconds and less than twice that. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} latency_ns SEC(".maps");

/* What returning takes off the stack. */
#ifdef __TARGET_ARCH_x86
#define RETURN_ADDRESS 8
#else
#define RETURN_ADDRESS 0
#endif

PROBE_INLINE __u32 log2_of(__u64 value) {
    __u32 place = 0;

    if (value >> 32) value >>= 32, place += 32;
    if (value >> 16) value >>= 16, place += 16;
    if (value >> 8) value >>= 8, place += 8;
    if (value >> 4) value >>= 4, place += 4;
    if (value >> 2) value >>= 2, place += 2;
    if (value >> 1) place += 1;
    return place;
}

SEC("uprobe")
int entered(struct pt_regs *context) {
    struct call call = {.thread = bpf_get_current_pid_tgid(), .stack = PT_REGS_SP(context) + RETURN_ADDRESS};
    struct entry entry = {.argument = PT_REGS_PARM1(context)};

    if (only_pid && call.thread >> 32 != only_pid) return 0;
    entry.began = bpf_ktime_get_boot_ns();
    if (bpf_map_update_elem(&calls, &call, &entry, BPF_ANY)) PROBE_COUNT(counts, struct function_call_counts, untracked);
    return 0;
}

SEC("uretprobe")
int returned(struct pt_regs *context) {
    struct call call = {.thread = bpf_get_current_pid_tgid(), .stack = PT_REGS_SP(context)};
    struct entry *entry = bpf_map_lookup_elem(&calls, &call), copy;
    __u64 now = bpf_ktime_get_boot_ns(), duration, *slot;
    struct function_call_counts *count;
    struct function_call_event *event;
    __u32 place, zero = 0;

    if (!entry) return 0;
    copy = *entry;
    bpf_map_delete_elem(&calls, &call);
    duration = now - copy.began;
    place = log2_of(duration);
    slot = bpf_map_lookup_elem(&latency_ns, &place);
    if (slot) __sync_fetch_and_add(slot, 1);
    count = bpf_map_lookup_elem(&counts, &zero);
    if (count) {
        __sync_fetch_and_add(&count->calls, 1);
        __sync_fetch_and_add(&count->total_ns, duration);
    }
    if (duration < slower_than_ns) return 0;
    event = PROBE_RESERVE(struct function_call_event);
    if (!event) return 0;
    event->time = now;
    event->duration_ns = duration;
    event->argument = copy.argument;
    event->result = PT_REGS_RC(context);
    event->cookie = bpf_get_attach_cookie(context);
    event->pid = call.thread >> 32;
    event->tid = (__u32)call.thread;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_ringbuf_submit(event, 0);
    return 0;
}
