// Places in the kernel's types of each kind that is adapted when the object is loaded (CO-RE), calls and addresses of functions.
#include <linux/bpf.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define ADAPTED __attribute__((preserve_access_index))

struct ns_common {
    unsigned inum;
} ADAPTED;
struct pid_namespace {
    struct ns_common ns;
} ADAPTED;
struct nsproxy {
    struct pid_namespace *pid_ns_for_children;
} ADAPTED;
struct task_struct {
    int tgid;
    char comm[16];
    unsigned in_execve : 1;
    struct nsproxy *nsproxy;
    struct task_struct *real_parent;
} ADAPTED;
// Another shape of the same type, and one that no kernel has.
struct task_struct___other {
    long never_there;
} ADAPTED;
struct no_such_struct {
    int field;
} ADAPTED;
enum bpf_map_type___mine { BPF_MAP_TYPE_RINGBUF___mine = 1, BPF_MAP_TYPE_NEVER___mine = 2 };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __type(key, __u32);
    __type(value, __u64);
} r_values SEC(".maps");

static __attribute__((noinline)) void keep(__u32 place, __u64 value) {
    bpf_map_update_elem(&r_values, &place, &value, BPF_ANY);
}

static long each(__u32 index, void *context) {
    __u64 *sum = context;
    *sum += index;
    return 0;
}

SEC("raw_tp/sched_switch")
int read_types(void *context) {
    struct task_struct *task = (void *)bpf_get_current_task();
    (void)context;
    keep(0, BPF_CORE_READ(task, tgid));
    keep(1, BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum));
    keep(2, BPF_CORE_READ_BITFIELD_PROBED(task, in_execve));
    keep(3, bpf_core_field_exists(task->comm));
    keep(4, bpf_core_field_size(task->comm));
    keep(5, bpf_core_field_offset(struct task_struct, comm));
    keep(6, bpf_core_type_exists(struct no_such_struct));
    keep(7, bpf_core_type_size(struct task_struct));
    keep(8, bpf_core_type_id_local(struct task_struct));
    keep(9, bpf_core_type_id_kernel(struct task_struct));
    keep(10, bpf_core_enum_value(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF___mine));
    keep(11, bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_NEVER___mine));
    struct task_struct___other *other = (void *)task;
    if (bpf_core_field_exists(other->never_there)) keep(12, BPF_CORE_READ(other, never_there));
    return 0;
}

// Reads what no kernel has, without asking whether it is there.
SEC("?raw_tp/sched_switch")
int read_nothing(void *context) {
    struct task_struct___other *other = (void *)bpf_get_current_task();
    (void)context;
    keep(13, BPF_CORE_READ(other, never_there));
    return 0;
}

SEC("tc")
int call_back(struct __sk_buff *skb) {
    __u64 sum = 0;
    bpf_loop(4, each, &sum, 0);
    keep(14, sum);
    return (int)sum + (skb->len > 100000);
}

char _license[] SEC("license") = "GPL";
