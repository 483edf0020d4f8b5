// Refused at the end of a loop the verifier walks turn by turn: its log is megabytes long.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int bt_longlog(struct __sk_buff *skb) {
    unsigned char *data = (void *)(long)skb->data;
    __u64 sum = 0;
    for (int i = 0; i < 4000; i++) sum += bpf_ktime_get_ns();
    return data[100] + sum;
}

char LICENSE[] SEC("license") = "GPL";
