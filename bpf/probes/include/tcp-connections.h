/* The life of a TCP connection. */
#pragma once
#include "record.h"

enum tcp_connection_kind {
    CONNECTED = 1,      /* connect() has led to a connection: `duration_ns` is the handshake's */
    CONNECT_FAILED = 2, /* it has not: `error` says why */
    ACCEPTED = 3,       /* accept() has returned it: `duration_ns` is the time it had waited */
    CLOSED = 4,         /* `duration_ns` is its life from the handshake's end */
};

struct tcp_connection_event {
    __u64 time;
    __u64 duration_ns;    /* 0 for what began before the probe */
    __u64 sent_bytes;     /* payload, what was sent again not counted twice */
    __u64 received_bytes; /* payload */
    __u32 pid;            /* who called connect() or accept() */
    __u32 uid;
    __u32 netns; /* the number of the network namespace, as in /proc/PID/ns/net */
    enum tcp_connection_kind kind;
    enum tcp_state state; /* the one it was in before this */
    __s32 error;          /* errno the connection ended with; 0 for none */
    __u32 round_trip_us;  /* smoothed */
    __u32 retransmits;    /* segments sent again */
    __u16 local_port;
    __u16 remote_port;
    bool was_accepted; /* rather than connected from here */
    bool time_wait;    /* its end is left to a TIME_WAIT entry */
    __u8 padding[2];
    char comm[16];
    __u8 local_address[16];
    __u8 remote_address[16];
};

/* Counted for every connection, also where there was no room for a record. */
struct tcp_connection_counts {
    __u64 connected;
    __u64 connect_failed;
    __u64 established_by_peers; /* handshakes others began */
    __u64 accepted;             /* of these, returned by accept() */
    __u64 closed;
    __u64 closed_with_error; /* reset or timed out */
    __u64 time_wait;         /* left a TIME_WAIT entry behind */
    __u64 untracked;         /* no room to remember it: its records have no process and no duration */
};
