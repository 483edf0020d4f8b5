#pragma once
// What the test programs and the tests share.
#include <linux/types.h>

// A record of the ring and perf buffers.
struct bt_record {
    __u64 sequence;
    __u32 source;
    __u32 padding;
};

// An event of the tracing programs.
struct bt_event {
    __u32 pid;
    __u32 kind;
    __u64 argument;
    char command[16];
};

// A hash key without padding, and a value.
struct bt_key {
    __u32 address;
    __u16 port;
    __u16 protocol;
};

// A key with three bytes of padding, which the library must refuse.
struct bt_padded {
    __u32 address;
    __u8 kind;
};

struct bt_value {
    __u64 packets;
    __u64 bytes;
};

// An LPM key: the length in bits, the address in network order.
struct bt_prefix {
    __u32 length;
    __u8 address[4];
};

// What the memory-mapped array holds: 20 bytes, so elements lie 24 apart.
struct bt_shared {
    __u32 generation;
    __u32 seen;
    __u32 values[3];
};
