// Programs that no kernel takes beside ones that every kernel takes.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 bt_choice = 1;

// Reads the packet without looking where it ends.
static __always_inline int refused(struct __sk_buff *skb) { return *(__u8 *)(long)skb->data; }

SEC("tc")
int bt_best(struct __sk_buff *skb) { return refused(skb); }
SEC("tc")
int bt_best_too(struct __sk_buff *skb) { return skb->len > 0; }
SEC("tc")
int bt_second(struct __sk_buff *skb) { return skb->len ? bt_choice : 0; }
SEC("tc")
int bt_third(struct __sk_buff *skb) { return skb->len ? 3 : 0; }
SEC("tc")
int bt_extra(struct __sk_buff *skb) { return refused(skb) + 1; }

char _license[] SEC("license") = "GPL";
