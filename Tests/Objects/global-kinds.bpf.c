// Global variables of each kind and place.
#include <linux/bpf.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>

enum mode { MODE_OFF, MODE_ON, MODE_FULL = 7 };
struct limits {
    __u32 rate;
    __u16 burst;
    __u8 flags;
    __s64 debt;
};
union word {
    __u64 whole;
    __u32 halves[2];
};

const volatile __u32 g_constant = 1;
const volatile bool g_flag = true;
const volatile enum mode g_mode = MODE_ON;
const volatile char g_name[16] = "corpus";
const volatile struct limits g_limits = {.rate = 10, .burst = 2, .debt = -5};
__u64 g_initialised = 1ull << 40;
__s8 g_small = -1;
__u16 g_table[3][4] = {{1, 2, 3, 4}};
union word g_word = {.whole = 3};
__u64 g_zero;
static volatile __u32 g_static = 9;
__u32 g_counts[4] SEC(".data.counts");
__u64 g_hidden_zero __attribute__((visibility("hidden")));
const volatile __u32 g_elsewhere SEC(".rodata.elsewhere") = 4;

static __attribute__((noinline)) int weigh(const char *text) {
    int sum = 0;
    for (int i = 0; i < 16; i++) sum += text[i];
    return sum;
}

SEC("tc")
int use_globals(struct __sk_buff *skb) {
    char name[16];
    for (int i = 0; i < 16; i++) name[i] = g_name[i];
    g_zero += g_initialised + g_static + g_word.halves[0] + g_table[0][skb->mark & 3] + (__u64)g_small;
    g_counts[skb->mark & 3] += g_limits.rate;
    g_hidden_zero++;
    if (g_flag && g_mode == MODE_ON) return weigh(name) + (int)g_constant + (int)g_elsewhere;
    return 0;
}

char _license[] SEC("license") = "GPL";
