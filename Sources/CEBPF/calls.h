// The kernel's functions for eBPF programs ("helpers"), by their numbers in linux/bpf.h; man 7 bpf-helpers says what they do.
#pragma once
#include "ebpf.h"

#ifdef __EBPF__
// A call of a constant address is what the back end makes the call of a helper of.
#define EBPF_CALL(number, result, name, parameters, arguments)                                                                             \
    static inline result ebpf_##name parameters { return ((result(*) parameters)number)arguments; }
#else
#define EBPF_CALL(number, result, name, parameters, arguments)                                                                             \
    static inline result ebpf_##name parameters { ebpf_outside_kernel("bpf_" #name); }
#endif

#pragma clang assume_nonnull begin

// Maps
EBPF_CALL(1, void *_Nullable, map_lookup_elem, (const void *map, const void *key), (map, key))
EBPF_CALL(2, long, map_update_elem, (const void *map, const void *key, const void *value, ebpf_u64 flags), (map, key, value, flags))
EBPF_CALL(3, long, map_delete_elem, (const void *map, const void *key), (map, key))
EBPF_CALL(87, long, map_push_elem, (const void *map, const void *value, ebpf_u64 flags), (map, value, flags))
EBPF_CALL(88, long, map_pop_elem, (const void *map, void *value), (map, value))
EBPF_CALL(89, long, map_peek_elem, (const void *map, void *value), (map, value))
EBPF_CALL(12, long, tail_call, (const void *context, const void *map, ebpf_u32 index), (context, map, index))

// Events
EBPF_CALL(25, long, perf_event_output, (const void *context, const void *map, ebpf_u64 flags, const void *data, ebpf_u64 size),
          (context, map, flags, data, size))
EBPF_CALL(130, long, ringbuf_output, (const void *map, const void *data, ebpf_u64 size, ebpf_u64 flags), (map, data, size, flags))
EBPF_CALL(131, void *_Nullable, ringbuf_reserve, (const void *map, ebpf_u64 size, ebpf_u64 flags), (map, size, flags))
EBPF_CALL(132, void, ringbuf_submit, (void *data, ebpf_u64 flags), (data, flags))
EBPF_CALL(133, void, ringbuf_discard, (void *data, ebpf_u64 flags), (data, flags))
EBPF_CALL(134, ebpf_u64, ringbuf_query, (const void *map, ebpf_u64 flags), (map, flags))

// Time, chance, where and who
EBPF_CALL(5, ebpf_u64, ktime_get_ns, (void), ())
EBPF_CALL(125, ebpf_u64, ktime_get_boot_ns, (void), ())
EBPF_CALL(160, ebpf_u64, ktime_get_coarse_ns, (void), ())
EBPF_CALL(208, ebpf_u64, ktime_get_tai_ns, (void), ())
EBPF_CALL(7, ebpf_u32, get_prandom_u32, (void), ())
EBPF_CALL(8, ebpf_u32, get_smp_processor_id, (void), ())
EBPF_CALL(42, long, get_numa_node_id, (void), ())
EBPF_CALL(14, ebpf_u64, get_current_pid_tgid, (void), ())
EBPF_CALL(15, ebpf_u64, get_current_uid_gid, (void), ())
EBPF_CALL(16, long, get_current_comm, (void *to, ebpf_u32 size), (to, size))
EBPF_CALL(35, ebpf_u64, get_current_task, (void), ())
EBPF_CALL(80, ebpf_u64, get_current_cgroup_id, (void), ())
EBPF_CALL(123, ebpf_u64, get_current_ancestor_cgroup_id, (ebpf_s32 level), (level))

// Memory of others
EBPF_CALL(112, long, probe_read_user, (void *to, ebpf_u32 size, const void *_Nullable from), (to, size, from))
EBPF_CALL(113, long, probe_read_kernel, (void *to, ebpf_u32 size, const void *_Nullable from), (to, size, from))
EBPF_CALL(114, long, probe_read_user_str, (void *to, ebpf_u32 size, const void *_Nullable from), (to, size, from))
EBPF_CALL(115, long, probe_read_kernel_str, (void *to, ebpf_u32 size, const void *_Nullable from), (to, size, from))
EBPF_CALL(27, long, get_stackid, (const void *context, const void *map, ebpf_u64 flags), (context, map, flags))
EBPF_CALL(173, ebpf_u64, get_func_ip, (const void *context), (context))
EBPF_CALL(174, ebpf_u64, get_attach_cookie, (const void *context), (context))
EBPF_CALL(109, long, send_signal, (ebpf_u32 signal), (signal))

// Packets
EBPF_CALL(9, long, skb_store_bytes, (const void *skb, ebpf_u32 offset, const void *from, ebpf_u32 size, ebpf_u64 flags),
          (skb, offset, from, size, flags))
EBPF_CALL(26, long, skb_load_bytes, (const void *skb, ebpf_u32 offset, void *to, ebpf_u32 size), (skb, offset, to, size))
EBPF_CALL(10, long, l3_csum_replace, (const void *skb, ebpf_u32 offset, ebpf_u64 from, ebpf_u64 to, ebpf_u64 size),
          (skb, offset, from, to, size))
EBPF_CALL(11, long, l4_csum_replace, (const void *skb, ebpf_u32 offset, ebpf_u64 from, ebpf_u64 to, ebpf_u64 flags),
          (skb, offset, from, to, flags))
EBPF_CALL(13, long, clone_redirect, (const void *skb, ebpf_u32 ifindex, ebpf_u64 flags), (skb, ifindex, flags))
EBPF_CALL(18, long, skb_vlan_push, (const void *skb, ebpf_u16 protocol, ebpf_u16 control), (skb, protocol, control))
EBPF_CALL(19, long, skb_vlan_pop, (const void *skb), (skb))
EBPF_CALL(23, long, redirect, (ebpf_u32 ifindex, ebpf_u64 flags), (ifindex, flags))
EBPF_CALL(155, long, redirect_peer, (ebpf_u32 ifindex, ebpf_u64 flags), (ifindex, flags))
EBPF_CALL(51, long, redirect_map, (const void *map, ebpf_u64 key, ebpf_u64 flags), (map, key, flags))
EBPF_CALL(34, ebpf_u32, get_hash_recalc, (const void *skb), (skb))
EBPF_CALL(38, long, skb_change_tail, (const void *skb, ebpf_u32 size, ebpf_u64 flags), (skb, size, flags))
EBPF_CALL(43, long, skb_change_head, (const void *skb, ebpf_u32 count, ebpf_u64 flags), (skb, count, flags))
EBPF_CALL(39, long, skb_pull_data, (const void *skb, ebpf_u32 size), (skb, size))
EBPF_CALL(79, ebpf_u64, skb_cgroup_id, (const void *skb), (skb))
EBPF_CALL(46, ebpf_u64, get_socket_cookie, (const void *context), (context))
EBPF_CALL(47, ebpf_u32, get_socket_uid, (const void *skb), (skb))
EBPF_CALL(44, long, xdp_adjust_head, (const void *xdp, ebpf_s32 count), (xdp, count))
EBPF_CALL(54, long, xdp_adjust_meta, (const void *xdp, ebpf_s32 count), (xdp, count))
EBPF_CALL(65, long, xdp_adjust_tail, (const void *xdp, ebpf_s32 count), (xdp, count))
EBPF_CALL(188, ebpf_u64, xdp_get_buff_len, (const void *xdp), (xdp))
EBPF_CALL(189, long, xdp_load_bytes, (const void *xdp, ebpf_u32 offset, void *to, ebpf_u32 size), (xdp, offset, to, size))

// Variadic in C, which Swift cannot call.
EBPF_CALL(6, long, trace_printk, (const char *format, ebpf_u32 size, ebpf_u64 first, ebpf_u64 second, ebpf_u64 third),
          (format, size, first, second, third))

#pragma clang assume_nonnull end
