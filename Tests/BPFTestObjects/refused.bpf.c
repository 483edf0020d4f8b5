// A program the verifier must refuse, beside one it takes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int bt_sound(struct __sk_buff *skb) { return skb->len; }

// Reads the packet without having looked where it ends.
SEC("tc")
int bt_unchecked(struct __sk_buff *skb) {
    unsigned char *data = (void *)(long)skb->data;
    return data[100];
}

char LICENSE[] SEC("license") = "GPL";
