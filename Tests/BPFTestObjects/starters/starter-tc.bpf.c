// Counts the packets and bytes an interface sends.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

volatile __u64 packets, bytes;

SEC("tc")
int count_packets(struct __sk_buff *skb) {
    __sync_fetch_and_add(&packets, 1);
    __sync_fetch_and_add(&bytes, skb->len);
    return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
