#pragma once
// libbpf for Swift: its headers, and what Swift's C importer cannot reach by itself. Each shim says why it is here.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// Implemented in Swift, in the BPF module: takes one message that libbpf printed on this thread.
void swiftbpf_message(int level, const char *text, size_t length);

// Swift cannot use a va_list: the message is formatted here. Messages hold whole verifier logs, so their length is measured first.
static inline int swiftbpf_print(enum libbpf_print_level level, const char *format, va_list arguments) {
    char small[512];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    if (length < 0) {
    } else if ((size_t)length < sizeof small) {
        swiftbpf_message(level, small, (size_t)length);
    } else {
        char *large = malloc((size_t)length + 1);
        if (large) {
            vsnprintf(large, (size_t)length + 1, format, again);
            swiftbpf_message(level, large, (size_t)length);
            free(large);
        }
    }
    va_end(again);
    return 0;
}

// Takes the address of an inline function, which Swift can only do for a function it imports as a closure.
static inline void swiftbpf_install_print(void) { libbpf_set_print(swiftbpf_print); }

// glibc declares it under _GNU_SOURCE only, which Swift does not define. "EPERM" for 1.
extern const char *strerrorname_np(int);
static inline const char *swiftbpf_errno_name(int number) { return strerrorname_np(number); }

// syscall() is variadic, which Swift does not import. The attribute is passed by pointer and size, as the kernel wants it.
static inline int swiftbpf_bpf(int command, void *attribute, unsigned int size) {
    return (int)syscall(SYS_bpf, command, attribute, size);
}

// Declared under _GNU_SOURCE only.
static inline int swiftbpf_setns(int descriptor, int kind) { return (int)syscall(SYS_setns, descriptor, kind); }
static inline int swiftbpf_unshare(int flags) { return (int)syscall(SYS_unshare, flags); }
static inline int swiftbpf_pipe(int ends[2], int flags) { return (int)syscall(SYS_pipe2, ends, flags); }
static inline int swiftbpf_stay_on_cpu(unsigned cpu) {
    unsigned long mask[128] = {0}; // as many processors as Linux knows
    if (cpu >= 8 * sizeof mask) return -1;
    mask[cpu / (8 * sizeof *mask)] |= 1ul << (cpu % (8 * sizeof *mask));
    return (int)syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0 ? -1 : 0;
}
static inline int swiftbpf_stay_on_this_cpu(void) {
    unsigned cpu = 0;
    return syscall(SYS_getcpu, &cpu, (void *)0, (void *)0) != 0 ? -1 : swiftbpf_stay_on_cpu(cpu);
}
enum { SWIFTBPF_NEWNS = 0x00020000, SWIFTBPF_NEWNET = 0x40000000 };

// Variadic.
static inline int swiftbpf_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }
static inline int swiftbpf_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int swiftbpf_perf_event_open(struct perf_event_attr *attribute, int pid, int cpu, int group, unsigned long flags) {
    return (int)syscall(SYS_perf_event_open, attribute, pid, cpu, group, flags);
}

// C11 atomics are macros over types Swift cannot name; these are for memory shared with eBPF programs.
static inline unsigned int swiftbpf_load_acquire_32(const void *p) { return __atomic_load_n((const unsigned int *)p, __ATOMIC_ACQUIRE); }
static inline unsigned long long swiftbpf_load_acquire_64(const void *p) {
    return __atomic_load_n((const unsigned long long *)p, __ATOMIC_ACQUIRE);
}
static inline void swiftbpf_store_release_32(void *p, unsigned int v) { __atomic_store_n((unsigned int *)p, v, __ATOMIC_RELEASE); }
static inline void swiftbpf_store_release_64(void *p, unsigned long long v) {
    __atomic_store_n((unsigned long long *)p, v, __ATOMIC_RELEASE);
}

// tcx, of Linux 6.6, and netfilter programs, of 6.4, are younger than the headers: the kernel's attributes, as far as these go.
enum { SWIFTBPF_PROG_TYPE_NETFILTER = 32 };
enum { SWIFTBPF_NETFILTER = 45, SWIFTBPF_TCX_INGRESS = 46, SWIFTBPF_TCX_EGRESS = 47, SWIFTBPF_LINK_TCX = 11 };
enum { SWIFTBPF_STRUCT_OPS = 44 }; // links of operations, of Linux 6.4
enum { SWIFTBPF_F_BEFORE = 1 << 3, SWIFTBPF_F_AFTER = 1 << 4, SWIFTBPF_F_ID = 1 << 5, SWIFTBPF_F_LINK = 1 << 13 };
struct swiftbpf_tcx_create {
    __u32 prog_fd, target_ifindex, attach_type, flags;
    __u32 relative_id, padding;
    __u64 expected_revision;
};
struct swiftbpf_netfilter_create {
    __u32 prog_fd, target_fd, attach_type, flags;
    __u32 family, hook;
    __s32 priority;
    __u32 netfilter_flags;
};
struct swiftbpf_tcx_query {
    __u32 target_ifindex, attach_type, query_flags, attach_flags;
    __u64 prog_ids;
    __u32 count, padding;
    __u64 prog_attach_flags, link_ids, link_attach_flags, revision;
};

// What the kernel says about a link: younger kernels say more than the headers know.
enum { SWIFTBPF_LINK_NETFILTER = 10 };
enum swiftbpf_perf_event_kind {
    SWIFTBPF_PERF_UPROBE = 1,
    SWIFTBPF_PERF_URETPROBE,
    SWIFTBPF_PERF_KPROBE,
    SWIFTBPF_PERF_KRETPROBE,
    SWIFTBPF_PERF_TRACEPOINT,
    SWIFTBPF_PERF_EVENT,
};
struct swiftbpf_link_info {
    __u32 type, id, prog_id, padding;
    union {
        struct { __u64 name; __u32 name_length; __u32 padding; __u64 cookie; } raw_tracepoint;
        struct { __u32 attach_type, target_object, target_type; } tracing;
        struct { __u64 id; __u32 attach_type; } cgroup;
        struct { __u64 name; __u32 name_length; __u32 map; __u32 thread, process; } iterator;
        struct { __u32 inode, attach_type; } namespace_;
        struct { __u32 index, attach_type; } interface;
        struct { __u32 map, attach_type; } socket_map;
        struct { __u32 family, hook; __s32 priority; __u32 flags; } netfilter;
        struct { __u64 addresses; __u32 count, flags; __u64 missed, cookies; } kprobe_multi;
        struct {
            __u32 kind, padding;
            union {
                struct { __u64 file; __u32 length, offset; __u64 cookie; } uprobe;
                struct { __u64 function; __u32 length, offset; __u64 address, missed, cookie; } kprobe;
                struct { __u64 name; __u32 length, padding; __u64 cookie; } tracepoint;
                struct { __u64 config; __u32 type, padding; __u64 cookie; } event;
            };
        } perf_event;
    };
};

// A raw tracepoint with a cookie, of Linux 6.10; with cookie 0 older kernels take it as well.
struct swiftbpf_raw_tracepoint_open {
    __u64 name;
    __u32 prog_fd, padding;
    __u64 cookie;
};

// What makes a link at XDP; the rest of the attribute is for other kinds. The flags are macros whose type Swift would have to guess.
enum { SWIFTBPF_XDP_GENERIC = 1 << 1, SWIFTBPF_XDP_NATIVE = 1 << 2 };
struct swiftbpf_xdp_create {
    __u32 prog_fd, target_ifindex, attach_type, flags;
};

// Variadic system call. Waits for a grace period of RCU: programs that ran before it have ended after it. See membarrier(2).
static inline int swiftbpf_membarrier_global(void) { return (int)syscall(SYS_membarrier, 1 /* MEMBARRIER_CMD_GLOBAL */, 0, 0); }

// libcap is a library of its own. Gives up every capability of this thread, and of no other.
static inline int swiftbpf_drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

// The same library. Leaves this thread, and no other, the capabilities of a mask that it has.
static inline int swiftbpf_reduce_capabilities(__u64 kept) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    for (int half = 0; half < 2; half++) {
        data[half].permitted &= (__u32)(kept >> (32 * half));
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &header, data);
}
// Variadic. What this thread may take of capabilities it keeps when it becomes another user's.
static inline int swiftbpf_keep_capabilities(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }

// Declared under _GNU_SOURCE only: a file in memory.
static inline int swiftbpf_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */); }

// Variadic. A program this process becomes has no more rights than it has.
static inline int swiftbpf_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// The names lie in a macro that takes a macro. "map_lookup_elem" for 1.
static inline const char *swiftbpf_helper_name(unsigned number) {
#define SWIFTBPF_NAME(name, ...) #name
    static const char *const names[] = {__BPF_FUNC_MAPPER(SWIFTBPF_NAME)};
#undef SWIFTBPF_NAME
    return number != 0 && number < sizeof names / sizeof *names ? names[number] : (void *)0;
}

// A netlink request for the filters of a hook: two headers one after the other, as NLMSG_ALIGN leaves them.
struct swiftbpf_tc_dump {
    struct nlmsghdr header;
    struct tcmsg message;
};

// libbpf takes an options structure only if the bytes behind the last field it knows are zero, and Swift leaves padding undefined. These
// sizes end with the last field, by function-like macros of libbpf's which Swift does not import.
#define SWIFTBPF_SIZE(type)                                                                                             \
    static inline size_t swiftbpf_size_of_##type(void) {                                                                \
        return offsetof(struct type, type##__last_field) + sizeof(((struct type *)0)->type##__last_field);              \
    }
SWIFTBPF_SIZE(bpf_map_create_opts)
SWIFTBPF_SIZE(bpf_map_batch_opts)
SWIFTBPF_SIZE(bpf_link_create_opts)
SWIFTBPF_SIZE(bpf_link_update_opts)
SWIFTBPF_SIZE(bpf_prog_attach_opts)
SWIFTBPF_SIZE(bpf_prog_load_opts)
SWIFTBPF_SIZE(bpf_usdt_opts)
SWIFTBPF_SIZE(bpf_tc_hook)
SWIFTBPF_SIZE(bpf_tc_opts)
SWIFTBPF_SIZE(bpf_kprobe_opts)
SWIFTBPF_SIZE(bpf_uprobe_opts)
SWIFTBPF_SIZE(bpf_object_open_opts)
SWIFTBPF_SIZE(bpf_test_run_opts)
#undef SWIFTBPF_SIZE
