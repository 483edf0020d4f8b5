/* The kernel's types, as far as the probes read them. Where a field lies is found out when a program is loaded, from the BTF of the
 * kernel that runs (CO-RE); members of unnamed unions and structs are found as if they were their outer's. */
#pragma once
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
    union {
        __u8 u6_addr8[16];
    } in6_u;
};

struct ns_common {
    unsigned int inum;
};

struct net {
    struct ns_common ns;
};

typedef struct {
    struct net *net;
} possible_net_t;

struct sock_common {
    __be32 skc_daddr;
    __be32 skc_rcv_saddr;
    __be16 skc_dport;
    __u16 skc_num;
    unsigned short skc_family;
    volatile unsigned char skc_state;
    possible_net_t skc_net;
    unsigned long skc_flags;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
    struct sock_common __sk_common;
    __u16 sk_protocol;
    int sk_err;
};

enum sock_flags {
    SOCK_DONE = 1,
};

struct inet_sock {
    __be16 inet_sport;
};

struct inet_connection_sock {
    __u8 icsk_ca_state : 5;
};

struct tcp_sock {
    __u64 bytes_sent;
    __u64 bytes_retrans;
    __u64 bytes_received;
    __u32 srtt_us;
    __u32 total_retrans;
};

struct request_sock {
    struct sock_common __req_common;
    __u8 num_retrans : 7;
};

struct tcp_skb_cb {
    __u32 seq;
    __u32 end_seq;
};

struct net_device {
    char name[16];
    possible_net_t nd_net;
};

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    char cb[48];
    unsigned int len;
    __be16 protocol;
    __u16 network_header;
    unsigned char *head;
};

struct file {
    void *private_data;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct socket {
    struct sock *sk;
};

typedef struct {
    int counter;
} atomic_t;

struct signal_struct {
    atomic_t live;
};

struct task_struct {
    int tgid;
    char comm[16];
    struct files_struct *files;
    struct signal_struct *signal;
};

#pragma clang attribute pop
