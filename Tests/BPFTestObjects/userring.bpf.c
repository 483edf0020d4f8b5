// Takes records that user space wrote, and adds up what they say. Requires Linux 6.1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "records.h"

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 4096);
} bt_commands SEC(".maps");

volatile __u64 bt_sum;
volatile __u64 bt_odd;

static long take(struct bpf_dynptr *record, void *context) {
    (void)context;
    struct bt_record *data = bpf_dynptr_data(record, 0, sizeof *data);
    if (!data) {
        bt_odd++;
        return 0;
    }
    bt_sum += data->sequence;
    return 0;
}

// Returns how many there were.
SEC("tc")
int bt_drain(struct __sk_buff *skb) {
    (void)skb;
    return bpf_user_ringbuf_drain(&bt_commands, take, 0, 0);
}

char LICENSE[] SEC("license") = "GPL";
