// Where one process calls getpgid from, in its own code and in the kernel's.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct place {
    __u32 pid;
    __s32 user_stack;
    __s32 kernel_stack_id;
};

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 256);
    __uint(key_size, 4);
    __uint(value_size, 8 * 32);
} pw_user_stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 256);
    __uint(key_size, 4);
    __uint(value_size, 8 * 32);
} pw_kernel_stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 256);
    __type(key, struct place);
    __type(value, __u64);
} pw_places SEC(".maps");

const volatile __u32 watched;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int pw_call(void *context) {
    struct place place = {.pid = bpf_get_current_pid_tgid() >> 32};
    __u64 one = 1, *count;

    if (place.pid != watched) return 0;
    place.user_stack = bpf_get_stackid(context, &pw_user_stacks, BPF_F_USER_STACK);
    place.kernel_stack_id = bpf_get_stackid(context, &pw_kernel_stacks, 0);
    count = bpf_map_lookup_elem(&pw_places, &place);
    if (count) __sync_fetch_and_add(count, 1);
    else bpf_map_update_elem(&pw_places, &place, &one, BPF_ANY);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
