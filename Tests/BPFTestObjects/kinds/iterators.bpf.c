// Iterators over tasks, as text, and over the elements of a map, as records.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "hits.h"

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
    __u64 session_id;
    __u64 seq_num;
} __attribute__((preserve_access_index));

struct task_struct {
    int pid;
    int tgid;
    char comm[16];
} __attribute__((preserve_access_index));

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
    struct bpf_iter_meta *meta;
    struct bpf_map *map;
    void *key;
    void *value;
} __attribute__((preserve_access_index));

SEC("iter/task")
int bt_tasks(struct bpf_iter__task *context) {
    static const char format[] = "%d %d\n";
    struct task_struct *task = context->task;
    __u64 values[2];

    if (!task) return 0;
    values[0] = task->tgid;
    values[1] = task->pid;
    bpf_seq_printf(context->meta->seq, format, sizeof format, values, sizeof values);
    return 0;
}

SEC("iter/bpf_map_elem")
int bt_elements(struct bpf_iter__bpf_map_elem *context) {
    __u32 *key = context->key;
    struct bt_hit *value = context->value, copy;

    if (!key || !value) return 0;
    copy.count = *key;
    copy.value = value->value;
    bpf_seq_write(context->meta->seq, &copy, sizeof copy);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
