#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tc") int policyd_ingress(struct __sk_buff *skb) { return skb->len ? -1 : 0; }
char LICENSE[] SEC("license") = "GPL";
