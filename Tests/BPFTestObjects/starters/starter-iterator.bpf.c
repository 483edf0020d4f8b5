// Writes a line for each task of the system.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
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

SEC("iter/task")
int list_tasks(struct bpf_iter__task *context) {
    struct task_struct *task = context->task;

    if (task) BPF_SEQ_PRINTF(context->meta->seq, "%d %d %s\n", task->tgid, task->pid, task->comm);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
