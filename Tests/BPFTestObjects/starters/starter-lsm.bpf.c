// Has one process remove no folders.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __u32 pid;

SEC("lsm/inode_rmdir")
int BPF_PROG(on_rmdir, void *folder, void *entry) { return bpf_get_current_pid_tgid() >> 32 == pid ? -1 : 0; }

char LICENSE[] SEC("license") = "GPL";
