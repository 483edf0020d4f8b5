// How long calls of a function take, as a histogram of powers of two.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

#define BUCKETS 40

// When a thread entered the function. A call in a call is told by its outermost.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, __u64);
} entered SEC(".maps");

// Calls that took at least 2^i and less than 2^(i+1) nanoseconds.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, BUCKETS);
    __type(key, __u32);
    __type(value, __u64);
} calls SEC(".maps");

SEC("uprobe")
int on_entry(struct pt_regs *context) {
    __u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
    bpf_map_update_elem(&entered, &thread, &now, BPF_NOEXIST);
    return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *context) {
    __u64 thread = bpf_get_current_pid_tgid(), took, *begin = bpf_map_lookup_elem(&entered, &thread), *count;
    __u32 bucket = 0;

    if (!begin) return 0;
    took = bpf_ktime_get_ns() - *begin;
    bpf_map_delete_elem(&entered, &thread);
    for (; took > 1 && bucket < BUCKETS - 1; took >>= 1) bucket++;
    count = bpf_map_lookup_elem(&calls, &bucket);
    if (count) ++*count;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
