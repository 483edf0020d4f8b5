// Maps of the running task: its storage, its stack, its cgroup. Runs where one process goes to sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u64);
} bt_tasks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 64);
    __uint(key_size, 4);
    __uint(value_size, 8 * 32);
} bt_traces SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 64);
    __uint(map_flags, BPF_F_STACK_BUILD_ID);
    __uint(key_size, 4);
    __uint(value_size, sizeof(struct bpf_stack_build_id) * 8);
} bt_files SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
    __uint(max_entries, 2);
    __uint(key_size, 4);
    __uint(value_size, 4);
} bt_cgroups SEC(".maps");

volatile __u32 bt_pid;
volatile __s64 bt_user_stack;
volatile __s64 bt_kernel_stack;
volatile __s64 bt_file_stack;
volatile __s64 bt_is_under;

SEC("tracepoint/syscalls/sys_enter_clock_nanosleep")
int bt_sleep(void *ctx) {
    if (bpf_get_current_pid_tgid() >> 32 != bt_pid) return 0;
    void *task = bpf_get_current_task_btf();
    __u64 *count = bpf_task_storage_get(&bt_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (count) *count += 1;
    bt_user_stack = bpf_get_stackid(ctx, &bt_traces, BPF_F_USER_STACK);
    bt_kernel_stack = bpf_get_stackid(ctx, &bt_traces, 0);
    bt_file_stack = bpf_get_stackid(ctx, &bt_files, BPF_F_USER_STACK);
    bt_is_under = bpf_current_task_under_cgroup(&bt_cgroups, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
