// Memory taken from an allocator and given back: each call, and what is outstanding by the place in the program that asked for it.
//
// The uprobes belong on malloc() and its kin of a C library. The USDT programs serve a binary with an allocator of its own that says
// where it allocates: a probe of two arguments, address and size, and one of the address when it is given back.
#include "probe.h"
#include <bpf/usdt.bpf.h>
#include "include/allocations.h"

PROBE_EVENTS(struct allocation_event, 1 << 20);
PROBE_COUNTS(counts, struct allocation_counts);

/* The process to watch; 0 for all, which few hosts can afford. */
const volatile __u32 only_pid = 0;
/* Whether to report each call; the maps are kept either way. */
const volatile bool each_call = false;
/* Calls for less are neither reported nor kept. */
const volatile __u64 smallest_bytes = 0;

#define STACK_DEPTH 64

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 16384);
    __uint(key_size, 4);
    __uint(value_size, STACK_DEPTH * 8);
} stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, struct allocation_place);
    __type(value, struct allocation_totals);
} by_stack SEC(".maps");

/* What is not given back yet. */
struct block {
    __u64 address;
    __u64 pid;
};

struct held {
    __u64 bytes;
    __s32 stack;
    bool is_known;
    __u8 padding[3];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 262144);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct block);
    __type(value, struct held);
} outstanding SEC(".maps");

/* Calls under way, by thread. */
struct request {
    __u64 began;
    __u64 bytes;
    __u64 returns;  /* the stack pointer after it */
    __u64 place;    /* where posix_memalign() puts the address */
    __u64 replaced; /* what realloc() was given, */
    struct held held; /* and what was known of that */
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, struct request);
} requests SEC(".maps");

/* The processes that have entries in the maps. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, __u64);
} processes SEC(".maps");

/* What returning takes off the stack. */
#ifdef __TARGET_ARCH_x86
#define RETURN_ADDRESS 8
#else
#define RETURN_ADDRESS 0
#endif

PROBE_INLINE __u64 process(void) { return bpf_get_current_pid_tgid() >> 32; }

PROBE_INLINE bool is_watched(void) { return !only_pid || process() == only_pid; }

static __attribute__((noinline)) int report(__u64 address, __u64 bytes, __s32 stack, enum allocation_kind kind) {
    struct allocation_event *event;
    __u64 thread = bpf_get_current_pid_tgid();

    if (!each_call) return 0;
    event = PROBE_RESERVE(struct allocation_event);
    if (!event) return 0;
    event->time = bpf_ktime_get_boot_ns();
    event->address = address;
    event->size_bytes = bytes;
    event->pid = thread >> 32;
    event->tid = (__u32)thread;
    event->stack = stack;
    event->kind = kind;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_ringbuf_submit(event, 0);
    return 0;
}

PROBE_INLINE struct allocation_totals *totals_of(__u64 pid, __s32 stack) {
    struct allocation_place place = {.pid = pid, .stack = stack};
    struct allocation_totals *totals = bpf_map_lookup_elem(&by_stack, &place), fresh = {};

    if (totals) return totals;
    bpf_map_update_elem(&processes, &pid, &pid, BPF_ANY);
    bpf_map_update_elem(&by_stack, &place, &fresh, BPF_NOEXIST);
    return bpf_map_lookup_elem(&by_stack, &place);
}

static __attribute__((noinline)) int take(struct pt_regs *context, __u64 address, __u64 bytes) {
    struct block block = {.address = address, .pid = process()};
    struct held held = {.bytes = bytes, .is_known = true};
    struct allocation_totals *totals;

    if (bytes < smallest_bytes) return 0;
    if (!address) {
        PROBE_COUNT(counts, struct allocation_counts, failed);
        return 0;
    }
    PROBE_COUNT(counts, struct allocation_counts, allocated);
    held.stack = bpf_get_stackid(context, &stacks, BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP);
    totals = totals_of(block.pid, held.stack);
    if (!totals || bpf_map_update_elem(&outstanding, &block, &held, BPF_ANY)) {
        PROBE_COUNT(counts, struct allocation_counts, untracked);
    } else {
        __sync_fetch_and_add(&totals->outstanding_bytes, bytes);
        __sync_fetch_and_add(&totals->outstanding, 1);
        __sync_fetch_and_add(&totals->allocated_bytes, bytes);
        __sync_fetch_and_add(&totals->allocated, 1);
    }
    return report(address, bytes, held.stack, ALLOCATE);
}

/* Takes a block out of the map: the allocator may hand its address out again at once. */
PROBE_INLINE void let_go(__u64 address, struct held *held) {
    struct block block = {.address = address, .pid = process()};
    struct held *found = bpf_map_lookup_elem(&outstanding, &block);

    if (!found) return;
    *held = *found;
    bpf_map_delete_elem(&outstanding, &block);
}

static __attribute__((noinline)) int released(__u64 address, __u64 bytes, __s32 stack, int is_known) {
    struct allocation_place place = {.pid = process(), .stack = stack};
    struct allocation_totals *totals;

    if (!is_known) {
        PROBE_COUNT(counts, struct allocation_counts, released_unseen);
        return smallest_bytes ? 0 : report(address, 0, -1, RELEASE);
    }
    PROBE_COUNT(counts, struct allocation_counts, released);
    totals = bpf_map_lookup_elem(&by_stack, &place);
    if (totals) {
        __sync_fetch_and_add(&totals->outstanding_bytes, -bytes);
        __sync_fetch_and_add(&totals->outstanding, -1);
    }
    return report(address, bytes, stack, RELEASE);
}

static __attribute__((noinline)) int ask(struct pt_regs *context, __u64 bytes, __u64 replaced, __u64 place) {
    __u64 thread = bpf_get_current_pid_tgid();
    struct request *outer = bpf_map_lookup_elem(&requests, &thread);
    struct request request = {.bytes = bytes, .replaced = replaced, .place = place};

    if (!is_watched()) return 0;
    request.began = bpf_ktime_get_boot_ns();
    request.returns = PT_REGS_SP(context) + RETURN_ADDRESS;
    // Some libraries' calls make others: the outer one is the program's. One that is ten seconds old was left without returning.
    if (outer && outer->returns > request.returns && request.began - outer->began < 10000000000) return 0;
    if (replaced) let_go(replaced, &request.held);
    if (bpf_map_update_elem(&requests, &thread, &request, BPF_ANY)) PROBE_COUNT(counts, struct allocation_counts, untracked);
    return 0;
}

SEC("uprobe")
int malloc_enter(struct pt_regs *context) { return ask(context, PT_REGS_PARM1(context), 0, 0); }

SEC("uprobe")
int calloc_enter(struct pt_regs *context) { return ask(context, PT_REGS_PARM1(context) * PT_REGS_PARM2(context), 0, 0); }

SEC("uprobe")
int realloc_enter(struct pt_regs *context) { return ask(context, PT_REGS_PARM2(context), PT_REGS_PARM1(context), 0); }

// aligned_alloc() and memalign()
SEC("uprobe")
int aligned_enter(struct pt_regs *context) { return ask(context, PT_REGS_PARM2(context), 0, 0); }

SEC("uprobe")
int posix_memalign_enter(struct pt_regs *context) { return ask(context, PT_REGS_PARM3(context), 0, PT_REGS_PARM1(context)); }

// Of all of them.
SEC("uretprobe")
int allocate_exit(struct pt_regs *context) {
    __u64 thread = bpf_get_current_pid_tgid(), address = PT_REGS_RC(context);
    struct request *found = bpf_map_lookup_elem(&requests, &thread), request;

    if (!found || found->returns != PT_REGS_SP(context)) return 0;
    request = *found;
    bpf_map_delete_elem(&requests, &thread);
    if (request.place) {
        // It returns an error's number, and the address by way of its argument.
        if (address) address = 0;
        else bpf_probe_read_user(&address, sizeof(address), (void *)request.place);
    }
    if (request.replaced && !address && request.bytes) {
        // What realloc() cannot enlarge stays as it was.
        struct block block = {.address = request.replaced, .pid = thread >> 32};
        if (request.held.is_known) bpf_map_update_elem(&outstanding, &block, &request.held, BPF_ANY);
    } else if (request.replaced) {
        released(request.replaced, request.held.bytes, request.held.stack, request.held.is_known);
        // realloc() to nothing is free().
        if (!address) return 0;
    }
    return take(context, address, request.bytes);
}

PROBE_INLINE int release(__u64 address) {
    struct held held = {};

    let_go(address, &held);
    return released(address, held.bytes, held.stack, held.is_known);
}

SEC("uprobe")
int free_enter(struct pt_regs *context) {
    __u64 address = PT_REGS_PARM1(context);

    return address && is_watched() ? release(address) : 0;
}

SEC("usdt")
int usdt_allocate(struct pt_regs *context) {
    long address = 0, bytes = 0;

    if (!is_watched() || bpf_usdt_arg(context, 0, &address) || bpf_usdt_arg(context, 1, &bytes)) return 0;
    return take(context, address, bytes);
}

SEC("usdt")
int usdt_release(struct pt_regs *context) {
    long address = 0;

    if (!is_watched() || bpf_usdt_arg(context, 0, &address) || !address) return 0;
    return release(address);
}

static long forget_block(void *map, struct block *block, struct held *held, __u64 *pid) {
    (void)held;
    if (block->pid == *pid) bpf_map_delete_elem(map, block);
    return 0;
}

static long forget_place(void *map, struct allocation_place *place, struct allocation_totals *totals, __u64 *pid) {
    (void)totals;
    if (place->pid == *pid) bpf_map_delete_elem(map, place);
    return 0;
}

// Nobody frees what a process leaves when it ends: its entries would fill the maps. Those of the one process that is watched stay, and say
// what it never gave back.
SEC("raw_tp/sched_process_exit")
int exited(struct bpf_raw_tracepoint_args *context) {
    struct task_struct *task = (void *)context->args[0];
    __u64 pid = BPF_CORE_READ(task, tgid);

    if (only_pid || BPF_CORE_READ(task, signal, live.counter) || bpf_map_delete_elem(&processes, &pid)) return 0;
    bpf_for_each_map_elem(&outstanding, forget_block, &pid, 0);
    bpf_for_each_map_elem(&by_stack, forget_place, &pid, 0);
    return 0;
}
