#pragma once
// Types of every sort, for the tests of what BTF says about them.
#include <linux/types.h>

enum bt_verdict { BT_ALLOW, BT_DENY = 4, BT_UNKNOWN = -1 };

enum bt_wide { BT_SMALL = 1, BT_LARGE = 0x8000000000000000ull };

struct bt_inner {
    __u16 port;
    __u8 kind;
};

// An event as programs write them.
struct bt_opened {
    __u64 time;
    __u64 bytes;
    __u64 took_ns;
    __u32 pid;
    __s32 result;
    char comm[16];
    char path[24];
    enum bt_verdict verdict;
    __u8 is_first;
    __u8 padding[3];
};

// All the rest that C has.
struct bt_everything {
    __s8 small;
    _Bool flag;
    __u16 family;
    __be16 port;
    __be32 source;
    __u8 mac[6];
    __u8 remote_address[16];
    __u32 words[3];
    struct bt_inner inner;
    struct bt_inner pairs[2];
    __u8 grid[2][3];
    int grids[2][2];
    union {
        __u32 number;
        __u8 bytes[4];
    } either;
    union {
        __u32 left;
        __s16 right;
    };
    unsigned int low : 3, high : 7;
    signed int turn : 4;
    unsigned int : 0;
    enum bt_verdict fate : 4;
    enum bt_wide wide;
    const char *pointer;
    int (*call)(int);
    float single;
    double number;
    __u64 flags __attribute__((btf_decl_tag("hex")));
    __u32 gateway __attribute__((btf_decl_tag("ipv4")));
    struct bt_everything *next;
    __u16 length;
    char rest[];
};

// What a struct can hold, without what Swift cannot copy.
struct bt_nested {
    struct bt_inner pairs[2];
    union {
        __u32 number;
        __u8 bytes[4];
    } either;
    unsigned int low : 3, high : 7;
    enum bt_verdict verdict;
    float real;
};

// The same without bit-fields and unions, which make structs that Swift does not copy by their bytes.
struct bt_plain {
    struct bt_inner pairs[2];
    __u16 grid[2][3];
    enum bt_verdict verdict;
    float real;
};
