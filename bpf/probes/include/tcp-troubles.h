/* Segments sent again, and resets. */
#pragma once
#include "record.h"

enum tcp_trouble_kind {
    RETRANSMIT = 1,
    RETRANSMIT_SYN_ACK = 2,
    RESET_SENT = 3,
    RESET_RECEIVED = 4,
};

/* What congestion control makes of the connection, numbered as in the kernel. */
enum tcp_congestion {
    OPEN = 0,     /* nothing amiss: the segment was sent as a probe */
    DISORDER = 1, /* acknowledgements out of order */
    CWR = 2,      /* the window was reduced */
    RECOVERY = 3, /* fast retransmit */
    LOSS = 4,     /* the timer ran out */
};

struct tcp_trouble_event {
    __u64 time;
    __u32 netns;
    enum tcp_trouble_kind kind;
    enum tcp_state state;           /* CLOSE where there is no socket */
    enum tcp_congestion congestion; /* of a retransmit */
    __u32 sequence;                 /* of a retransmit: the segment's first byte */
    __u32 length;                   /* of a retransmit: its payload in bytes */
    __u32 retransmits;              /* of the connection so far */
    __u16 local_port;
    __u16 remote_port;
    __u8 local_address[16];
    __u8 remote_address[16];
    char reason[40]; /* of a reset sent, in the kernel's words; empty where it has none (before Linux 6.10) */
};
