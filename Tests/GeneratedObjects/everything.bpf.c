// The types of the tests' header once more, for Swift types that are made of them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../BPFTestObjects/include/types.h"

// Not used: they keep the types in the object.
const struct bt_everything *everything_unused __attribute__((unused));
const struct bt_opened *opened_unused __attribute__((unused));

SEC("tc")
int everything(struct __sk_buff *skb) { return skb->len; }

char LICENSE[] SEC("license") = "GPL";
