// A map of each kind libbpf 1.1 has a name for, declared as its authors do, and some that say more than the kernel takes.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct key {
    __u32 address;
    __u16 port, zero;
};
struct value {
    __u64 packets, bytes;
};
struct prefix {
    __u32 length, address;
};
struct event {
    __u64 time;
    __u32 pid;
    char comm[16];
};

#define MAP(name, kind, key_type, value_type, entries) \
    struct {                                           \
        __uint(type, kind);                            \
        __type(key, key_type);                         \
        __type(value, value_type);                     \
        __uint(max_entries, entries);                  \
    } name SEC(".maps")

MAP(k_hash, BPF_MAP_TYPE_HASH, struct key, struct value, 64);
MAP(k_array, BPF_MAP_TYPE_ARRAY, __u32, struct value, 8);
MAP(k_percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, struct key, __u64, 64);
MAP(k_percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 8);
MAP(k_lru_hash, BPF_MAP_TYPE_LRU_HASH, struct key, struct value, 64);
MAP(k_lru_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, struct key, __u64, 64);
MAP(k_prog_array, BPF_MAP_TYPE_PROG_ARRAY, __u32, __u32, 4);
MAP(k_perf, BPF_MAP_TYPE_PERF_EVENT_ARRAY, __u32, __u32, 0);
MAP(k_cgroup_array, BPF_MAP_TYPE_CGROUP_ARRAY, __u32, __u32, 4);
MAP(k_devmap, BPF_MAP_TYPE_DEVMAP, __u32, __u32, 4);
MAP(k_devmap_hash, BPF_MAP_TYPE_DEVMAP_HASH, __u32, __u32, 4);
MAP(k_cpumap, BPF_MAP_TYPE_CPUMAP, __u32, __u32, 4);
MAP(k_xskmap, BPF_MAP_TYPE_XSKMAP, __u32, __u32, 4);
MAP(k_sockmap, BPF_MAP_TYPE_SOCKMAP, __u32, __u32, 4);
MAP(k_sockhash, BPF_MAP_TYPE_SOCKHASH, struct key, __u32, 4);
MAP(k_reuseport, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, __u32, __u64, 4);
MAP(k_ring_typed, BPF_MAP_TYPE_RINGBUF, __u32, struct event, 4096);

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct prefix);
    __type(value, __u32);
    __uint(max_entries, 16);
} k_lpm SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} k_ring SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(key_size, 4);
    __uint(value_size, 8);
    __uint(max_entries, 4096);
} k_ring_sized SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(key_size, 4);
    __uint(value_size, 127 * 8);
    __uint(max_entries, 16);
} k_stack_trace SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __type(value, __u64);
    __uint(max_entries, 16);
} k_queue SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_STACK);
    __type(value, __u64);
    __uint(max_entries, 16);
} k_stack SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __type(value, __u64);
    __uint(max_entries, 16);
} k_bloom SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 4096);
} k_user_ring SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct value);
} k_socket_storage SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct value);
} k_task_storage SEC(".maps");

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u32);
    __uint(max_entries, 4);
} k_inner SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __type(key, __u32);
    __uint(max_entries, 2);
    __array(values, struct inner);
} k_array_of_maps SEC(".maps") = {.values = {&k_inner}};
struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __type(key, __u32);
    __uint(max_entries, 2);
    __array(values, struct inner);
} k_hash_of_maps SEC(".maps");

SEC("tc")
int use_maps(struct __sk_buff *skb) {
    struct key key = {.address = skb->hash, .port = (__u16)skb->protocol};
    struct value *value = bpf_map_lookup_elem(&k_hash, &key);
    if (value) value->packets++;
    __u32 zero = 0;
    __u64 *count = bpf_map_lookup_elem(&k_percpu_array, &zero);
    if (count) (*count)++;
    struct event *event = bpf_ringbuf_reserve(&k_ring_sized, sizeof *event, 0);
    if (!event) return 0;
    event->pid = skb->len;
    bpf_ringbuf_submit(event, 0);
    return 1;
}

char _license[] SEC("license") = "GPL";
