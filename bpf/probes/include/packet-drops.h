/* A packet the kernel dropped, and why. */
#pragma once
#include "record.h"

struct packet_drop_event {
    __u64 time;
    __u32 netns; /* 0 where neither device nor socket tells */
    __u32 length_bytes;
    __u16 ethertype IN_HEX; /* host order */
    __u16 source_port;
    __u16 destination_port;
    __u8 protocol; /* of the IP header */
    __u8 padding[5];
    char interface[16];
    __u8 source_address[16];
    __u8 destination_address[16];
    char reason[48];   /* in the kernel's words, without SKB_DROP_REASON_; NOT_SPECIFIED before Linux 5.17 */
    char location[48]; /* the kernel function that dropped it */
};

/* By the number of the reason. */
struct packet_drop_count {
    __u64 packets;
    __u64 bytes;
    char reason[48];
};
