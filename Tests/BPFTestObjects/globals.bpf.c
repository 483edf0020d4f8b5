// Global variables of each kind, in each section.
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

const volatile bool bt_is_on = true;
const volatile char bt_name[16] = "nobody";
const volatile __u16 bt_ports[4] = {80, 443};
const volatile __s8 bt_signed = -5;
const volatile struct bt_key bt_peer = {.port = 1};
volatile __u32 bt_grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
volatile char bt_word[8];
volatile __u64 bt_count;
const volatile __u32 bt_limit SEC(".rodata.limits") = 9;
volatile __u32 bt_setting SEC(".data.settings") = 3;
volatile __u32 bt_scratch SEC(".bss.scratch");
static volatile __u32 bt_hidden = 11;
extern int LINUX_KERNEL_VERSION __kconfig;

SEC("tc")
int bt_read_globals(struct __sk_buff *skb) {
    bt_count += skb->len > 0;
    bt_scratch = bt_setting + bt_limit;
    bt_word[0] = bt_name[0];
    bt_grid[1][2] += bt_ports[1];
    if (!bt_is_on) return 0;
    return bt_ports[0] * 100000 + bt_setting * 1000 + bt_limit * 100 + bt_hidden + (LINUX_KERNEL_VERSION > 0 ? 0 : 1) + bt_signed + bt_peer.port;
}

char LICENSE[] SEC("license") = "GPL";
