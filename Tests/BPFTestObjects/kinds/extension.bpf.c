// Takes the place of a function of another program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "hits.h"

SEC("freplace/bt_choose")
int bt_instead(struct xdp_md *context) {
    hit(0, context->data_end - context->data);
    return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
