// What the kernel hands to programs. The offsets are those of linux/bpf.h, whose own declarations would need the headers of a host.
#pragma once
#include "ebpf.h"

/// struct xdp_md
struct ebpf_xdp {
    ebpf_u32 data;
    ebpf_u32 data_end;
    ebpf_u32 data_meta;
    ebpf_u32 ingress_ifindex;
    ebpf_u32 rx_queue_index;
    ebpf_u32 egress_ifindex;
};

/// struct __sk_buff, as far as tc and cgroup programs may look
struct ebpf_sk_buff {
    ebpf_u32 len;
    ebpf_u32 pkt_type;
    ebpf_u32 mark;
    ebpf_u32 queue_mapping;
    ebpf_u32 protocol;
    ebpf_u32 vlan_present;
    ebpf_u32 vlan_tci;
    ebpf_u32 vlan_proto;
    ebpf_u32 priority;
    ebpf_u32 ingress_ifindex;
    ebpf_u32 ifindex;
    ebpf_u32 tc_index;
    ebpf_u32 cb[5];
    ebpf_u32 hash;
    ebpf_u32 tc_classid;
    ebpf_u32 data;
    ebpf_u32 data_end;
    ebpf_u32 napi_id;
    ebpf_u32 family;
    ebpf_u32 remote_ip4;
    ebpf_u32 local_ip4;
    ebpf_u32 remote_ip6[4];
    ebpf_u32 local_ip6[4];
    ebpf_u32 remote_port;
    ebpf_u32 local_port;
    ebpf_u32 data_meta;
    ebpf_u64 flow_keys;
    ebpf_u64 tstamp;
    ebpf_u32 wire_len;
    ebpf_u32 gso_segs;
    ebpf_u64 sk;
    ebpf_u32 gso_size;
    ebpf_u8 tstamp_type;
    ebpf_u64 hwtstamp;
};
_Static_assert(__builtin_offsetof(struct ebpf_sk_buff, data) == 76, "struct __sk_buff");
_Static_assert(__builtin_offsetof(struct ebpf_sk_buff, tstamp) == 152, "struct __sk_buff");
_Static_assert(__builtin_offsetof(struct ebpf_sk_buff, hwtstamp) == 184, "struct __sk_buff");

/// struct bpf_sock_addr
struct ebpf_sock_addr {
    ebpf_u32 user_family;
    ebpf_u32 user_ip4;
    ebpf_u32 user_ip6[4];
    ebpf_u32 user_port;
    ebpf_u32 family;
    ebpf_u32 type;
    ebpf_u32 protocol;
    ebpf_u32 msg_src_ip4;
    ebpf_u32 msg_src_ip6[4];
    ebpf_u64 sk;
};
_Static_assert(__builtin_offsetof(struct ebpf_sock_addr, msg_src_ip6) == 44, "struct bpf_sock_addr");

// Registers of the probed code, by the machine the program is for: as for C, __TARGET_ARCH_… chooses, else the machine it is built on.
#if defined(__TARGET_ARCH_arm64) || (!defined(__TARGET_ARCH_x86) && defined(__aarch64__))
/// struct user_pt_regs of arm64
struct ebpf_registers {
    ebpf_u64 regs[31];
    ebpf_u64 sp;
    ebpf_u64 pc;
    ebpf_u64 pstate;
};
#define EBPF_ARGUMENT_0(r) (r)->regs[0]
#define EBPF_ARGUMENT_1(r) (r)->regs[1]
#define EBPF_ARGUMENT_2(r) (r)->regs[2]
#define EBPF_ARGUMENT_3(r) (r)->regs[3]
#define EBPF_ARGUMENT_4(r) (r)->regs[4]
#define EBPF_ARGUMENT_5(r) (r)->regs[5]
#define EBPF_RESULT(r) (r)->regs[0]
#define EBPF_STACK_POINTER(r) (r)->sp
// The return address is in a register.
#define EBPF_RETURN_BYTES 0
#define EBPF_INSTRUCTION_POINTER(r) (r)->pc
#else
/// struct pt_regs of x86-64
struct ebpf_registers {
    ebpf_u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define EBPF_ARGUMENT_0(r) (r)->di
#define EBPF_ARGUMENT_1(r) (r)->si
#define EBPF_ARGUMENT_2(r) (r)->dx
#define EBPF_ARGUMENT_3(r) (r)->cx
#define EBPF_ARGUMENT_4(r) (r)->r8
#define EBPF_ARGUMENT_5(r) (r)->r9
#define EBPF_RESULT(r) (r)->ax
#define EBPF_STACK_POINTER(r) (r)->sp
// Returning takes the return address off the stack.
#define EBPF_RETURN_BYTES 8
#define EBPF_INSTRUCTION_POINTER(r) (r)->ip
#endif

#pragma clang assume_nonnull begin
// Macros with arguments are none that Swift could call.
static inline ebpf_u64 ebpf_argument_0(const struct ebpf_registers *r) { return EBPF_ARGUMENT_0(r); }
static inline ebpf_u64 ebpf_argument_1(const struct ebpf_registers *r) { return EBPF_ARGUMENT_1(r); }
static inline ebpf_u64 ebpf_argument_2(const struct ebpf_registers *r) { return EBPF_ARGUMENT_2(r); }
static inline ebpf_u64 ebpf_argument_3(const struct ebpf_registers *r) { return EBPF_ARGUMENT_3(r); }
static inline ebpf_u64 ebpf_argument_4(const struct ebpf_registers *r) { return EBPF_ARGUMENT_4(r); }
static inline ebpf_u64 ebpf_argument_5(const struct ebpf_registers *r) { return EBPF_ARGUMENT_5(r); }
static inline ebpf_u64 ebpf_result(const struct ebpf_registers *r) { return EBPF_RESULT(r); }
static inline ebpf_u64 ebpf_stack_pointer(const struct ebpf_registers *r) { return EBPF_STACK_POINTER(r); }
static inline ebpf_u64 ebpf_stack_pointer_after_return(const struct ebpf_registers *r) {
    return EBPF_STACK_POINTER(r) + EBPF_RETURN_BYTES;
}
static inline ebpf_u64 ebpf_instruction_pointer(const struct ebpf_registers *r) { return EBPF_INSTRUCTION_POINTER(r); }
#pragma clang assume_nonnull end
