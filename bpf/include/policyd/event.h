/* The record of a decision, as it lies in the ring buffer. */
#pragma once
#include "base.h"

struct pd_event {
    __u64 time;  /* nanoseconds, CLOCK_BOOTTIME */
    __u64 count; /* packets it stands for */
    __u32 rule;  /* its number, or PD_NO_RULE */
    __u32 revision;
    __u32 interface; /* index */
    __u32 length;    /* of the frame, in bytes */
    __u8 verdict;    /* enum pd_verdict; of an audit event what would have been */
    __u8 direction;
    __u8 reason; /* enum pd_reason */
    __u8 family;
    __u8 protocol;
    __u8 icmp_type;
    __u8 icmp_code;
    __u8 flags; /* enum pd_packet_flags */
    __u16 source_port; /* host order */
    __u16 destination_port;
    __u16 ethertype;
    __u16 reserved;
    __u8 source[16]; /* network order; IPv4 in the first four bytes */
    __u8 destination[16];
};
