// A program for each kind of place, each counting by number what it sees: datagrams of 1,000 bytes that end in four digits, messages of four
// digits, and calls of one process. All are left out unless somebody asks for one.
#include <stdbool.h>
#include <asm/unistd.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define NUMBERS 500
#define PAYLOAD 1000

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, NUMBERS);
    __type(key, __u32);
    __type(value, __u64);
} pl_seen SEC(".maps");

// The process whose calls are counted.
const volatile __u32 watched;

static __always_inline void saw(__u32 number) {
    __u64 *count = bpf_map_lookup_elem(&pl_seen, &number);
    if (count) __sync_fetch_and_add(count, 1);
}

static __always_inline void saw_digits(const __u8 *digits) {
    saw((digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10 + (digits[3] - '0'));
}

static __always_inline void saw_packet(struct __sk_buff *skb) {
    __u8 digits[4];
    if (skb->len < PAYLOAD || bpf_skb_load_bytes(skb, skb->len - 4, digits, 4)) return;
    saw_digits(digits);
}

static __always_inline bool is_watched(void) { return bpf_get_current_pid_tgid() >> 32 == watched; }

SEC("?xdp")
int pl_xdp(struct xdp_md *context) {
    // Ethernet, IPv4 and UDP headers lie before the payload.
    __u8 *last = (__u8 *)(long)context->data + 14 + 20 + 8 + PAYLOAD - 4;
    if (last + 4 <= (__u8 *)(long)context->data_end) saw_digits(last);
    return XDP_PASS;
}

SEC("?tc")
int pl_tc(struct __sk_buff *skb) {
    saw_packet(skb);
    return -1;
}

SEC("?socket")
int pl_socket(struct __sk_buff *skb) {
    // As it is sent, and not again as it comes back.
    if (skb->pkt_type == 4) saw_packet(skb);
    return 0;
}

SEC("?cgroup_skb/egress")
int pl_egress(struct __sk_buff *skb) {
    saw_packet(skb);
    return 1;
}

SEC("?cgroup/sendmsg4")
int pl_sendmsg4(struct bpf_sock_addr *context) {
    saw(0);
    return 1;
}

struct sk_buff {
    unsigned int len;
    unsigned char *data;
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
    const void *state;
    struct sk_buff *skb;
};

SEC("?netfilter")
int pl_netfilter(struct bpf_nf_ctx *context) {
    __u8 digits[4];
    unsigned int length = context->skb->len;
    if (length >= PAYLOAD && bpf_probe_read_kernel(digits, 4, context->skb->data + length - 4) == 0) saw_digits(digits);
    return 1;
}

SEC("?sk_lookup")
int pl_lookup(struct bpf_sk_lookup *context) {
    if (context->local_port == 7777) saw(0);
    return SK_PASS;
}

SEC("?flow_dissector")
int pl_dissector(struct __sk_buff *skb) {
    saw(0);
    return BPF_OK;
}

SEC("?sk_msg")
int pl_message(struct sk_msg_md *context) {
    __u8 *data = context->data;
    if (data + 4 <= (__u8 *)context->data_end) saw_digits(data);
    return SK_PASS;
}

SEC("?sk_skb")
int pl_verdict(struct __sk_buff *skb) {
    __u8 digits[4];
    if (bpf_skb_load_bytes(skb, 0, digits, 4) == 0) saw_digits(digits);
    return SK_DROP;
}

struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int pl_tracepoint(struct sys_enter *context) {
    if (is_watched()) saw(context->arguments[0]);
    return 0;
}

static __always_inline unsigned long first_argument(struct pt_regs *registers) {
    unsigned long argument = NUMBERS;
    bpf_probe_read_kernel(&argument, sizeof argument, &PT_REGS_PARM1(registers));
    return argument;
}

SEC("?raw_tracepoint/sys_enter")
int pl_raw(struct bpf_raw_tracepoint_args *context) {
    if (is_watched() && context->args[1] == __NR_getpgid) saw(first_argument((struct pt_regs *)context->args[0]));
    return 0;
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(pl_typed, struct pt_regs *registers, long number) {
    if (is_watched() && number == __NR_getpgid) saw(first_argument(registers));
    return 0;
}

SEC("?uprobe")
int pl_uprobe(struct pt_regs *context) {
    if (is_watched()) saw(PT_REGS_PARM1(context));
    return 0;
}

SEC("?perf_event")
int pl_clock(void *context) {
    saw(0);
    return 0;
}

// A folder that nobody has opened carries the number: its descriptor.
#define FIRST_FOLDER 0x10000

SEC("?kprobe/do_unlinkat")
int BPF_KPROBE(pl_kprobe, int folder) {
    if (is_watched()) saw(folder - FIRST_FOLDER);
    return 0;
}

SEC("?fentry/do_unlinkat")
int BPF_PROG(pl_fentry, int folder) {
    if (is_watched()) saw(folder - FIRST_FOLDER);
    return 0;
}

SEC("?lsm/task_getpgid")
int BPF_PROG(pl_lsm, void *task, int before) {
    if (is_watched()) saw(0);
    return before;
}

char LICENSE[] SEC("license") = "GPL";
