// Drops datagrams to one port before the kernel makes packets of them.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u16 port;

SEC("xdp")
int drop_port(struct xdp_md *frame) {
    struct ethhdr *ethernet = (void *)(long)frame->data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);

    if ((void *)(udp + 1) > (void *)(long)frame->data_end) return XDP_PASS;
    if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP) return XDP_PASS;
    return udp->dest == bpf_htons(port) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
