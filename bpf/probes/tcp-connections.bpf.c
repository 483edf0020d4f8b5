// The life of TCP connections: connected or not, accepted, closed, with the process that called connect() or accept().
#include "socket.h"
#include "include/tcp-connections.h"

PROBE_EVENTS(struct tcp_connection_event, 1 << 20);
PROBE_COUNTS(counts, struct tcp_connection_counts);

/* The network namespace to report, by its number; 0 for all. */
const volatile __u32 only_netns = 0;

struct connection {
    __u64 began;
    __u32 pid;
    __u32 uid;
    char comm[16];
    bool was_accepted;
};

/* By socket, from its first packet to its end. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, struct connection);
} connections SEC(".maps");

PROBE_INLINE void count_untracked(long result) {
    if (result) PROBE_COUNT(counts, struct tcp_connection_counts, untracked);
}

static __attribute__((noinline)) int report(struct sock *sock, struct connection *connection, enum tcp_connection_kind kind, int state) {
    struct tcp_connection_event *event = PROBE_RESERVE(struct tcp_connection_event);
    struct tcp_sock *tcp = (void *)sock;
    __u64 flags;

    if (!event) return 0;
    __builtin_memset(event, 0, sizeof(*event));
    event->time = bpf_ktime_get_boot_ns();
    event->kind = kind;
    event->state = state;
    if (connection) {
        event->duration_ns = event->time - connection->began;
        event->pid = connection->pid;
        event->uid = connection->uid;
        event->was_accepted = connection->was_accepted;
        __builtin_memcpy(event->comm, connection->comm, sizeof(event->comm));
    }
    event->netns = namespace_of(&sock->__sk_common);
    event->error = BPF_CORE_READ(sock, sk_err);
    event->sent_bytes = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
    event->received_bytes = BPF_CORE_READ(tcp, bytes_received);
    // The kernel counts the peer's FIN as a byte; SOCK_DONE is set when it has come.
    flags = BPF_CORE_READ(sock, __sk_common.skc_flags);
    if (event->received_bytes && flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1) event->received_bytes--;
    event->round_trip_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
    event->retransmits = BPF_CORE_READ(tcp, total_retrans);
    // The socket's other copy of its port: the one in sock_common is gone when it closes.
    event->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sock, inet_sport));
    event->remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
    event->time_wait = kind == CLOSED && !event->error && (state == FIN_WAIT2 || state == CLOSING);
    addresses_of(&sock->__sk_common, event->local_address, event->remote_address);
    bpf_ringbuf_submit(event, 0);
    return 0;
}

PROBE_INLINE void set_process(struct connection *connection) {
    connection->pid = bpf_get_current_pid_tgid() >> 32;
    connection->uid = (__u32)bpf_get_current_uid_gid();
    bpf_get_current_comm(connection->comm, sizeof(connection->comm));
}

PROBE_INLINE void closed(struct sock *sock, struct connection *connection, int old) {
    int error = BPF_CORE_READ(sock, sk_err);

    PROBE_COUNT(counts, struct tcp_connection_counts, closed);
    if (error) PROBE_COUNT(counts, struct tcp_connection_counts, closed_with_error);
    else if (old == FIN_WAIT2 || old == CLOSING) PROBE_COUNT(counts, struct tcp_connection_counts, time_wait);
    report(sock, connection, CLOSED, old);
}

// Each change of a socket's state. Where the program runs says nothing of whose socket it is, but for the two that a call of the
// process's own brings about.
SEC("raw_tp/inet_sock_set_state")
int state_changed(struct bpf_raw_tracepoint_args *context) {
    struct sock *sock = (void *)context->args[0];
    int old = context->args[1], new = context->args[2];
    struct connection *connection, fresh = {};
    __u64 key = context->args[0];

    if (BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP) return 0;
    if (only_netns && namespace_of(&sock->__sk_common) != only_netns) return 0;
    if (new == SYN_SENT) {
        fresh.began = bpf_ktime_get_boot_ns();
        set_process(&fresh);
        count_untracked(bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY));
        return 0;
    }
    if (old == SYN_RECV && new == ESTABLISHED) {
        // connect() from both ends at once comes by here too, with an entry of its own.
        connection = bpf_map_lookup_elem(&connections, &key);
        if (!connection) {
            PROBE_COUNT(counts, struct tcp_connection_counts, established_by_peers);
            fresh.began = bpf_ktime_get_boot_ns();
            fresh.was_accepted = true;
            count_untracked(bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY));
            return 0;
        }
        old = SYN_SENT;
    }
    if (old == SYN_SENT && new == ESTABLISHED) {
        PROBE_COUNT(counts, struct tcp_connection_counts, connected);
        connection = bpf_map_lookup_elem(&connections, &key);
        report(sock, connection, CONNECTED, SYN_SENT);
        if (connection) connection->began = bpf_ktime_get_boot_ns();
        return 0;
    }
    if (new != CLOSE) return 0;
    connection = bpf_map_lookup_elem(&connections, &key);
    if (old == SYN_SENT || (old == SYN_RECV && connection)) {
        PROBE_COUNT(counts, struct tcp_connection_counts, connect_failed);
        report(sock, connection, CONNECT_FAILED, old);
    } else if (old != LISTEN && old != CLOSE && old != SYN_RECV && old != NEW_SYN_RECV) {
        closed(sock, connection, old);
    }
    if (connection) bpf_map_delete_elem(&connections, &key);
    return 0;
}

/* The layout of a system call's tracepoint as it returns. */
struct leave {
    __u64 common;
    long number;
    long result;
};

// accept() has returned a descriptor: from here on the connection is this process's.
PROBE_INLINE int accepted(long descriptor) {
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    struct connection *connection;
    struct file **files, *file = NULL;
    struct socket *socket;
    struct sock *sock;
    __u64 key;

    if (descriptor < 0 || descriptor >= BPF_CORE_READ(table, max_fds)) return 0;
    files = BPF_CORE_READ(table, fd);
    bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
    socket = BPF_CORE_READ(file, private_data);
    sock = BPF_CORE_READ(socket, sk);
    key = (__u64)sock;
    // Sockets of other protocols are not in the map.
    connection = bpf_map_lookup_elem(&connections, &key);
    if (!connection) return 0;
    set_process(connection);
    PROBE_COUNT(counts, struct tcp_connection_counts, accepted);
    return report(sock, connection, ACCEPTED, BPF_CORE_READ(sock, __sk_common.skc_state));
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int accept4_exit(struct leave *context) { return accepted(context->result); }

SEC("tracepoint/syscalls/sys_exit_accept")
int accept_exit(struct leave *context) { return accepted(context->result); }
