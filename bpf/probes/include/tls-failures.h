/* A TLS handshake that did not come to its end. */
#pragma once
#include "record.h"

enum tls_failure_kind {
    ALERT = 1,           /* one side refused, and said why: `alert` */
    ENCRYPTED_ALERT = 2, /* one side refused, for the other's eyes only */
    ENDED = 3,           /* the connection was closed before the handshake was through */
    RESET = 4,           /* the connection was reset before the handshake was through */
    NOT_TLS = 5,         /* the server answered with something else */
};

enum tls_party {
    CLIENT = 1,
    SERVER = 2,
};

/* Alerts by their names in RFC 8446. */
enum tls_alert {
    close_notify = 0,
    unexpected_message = 10,
    bad_record_mac = 20,
    decryption_failed = 21,
    record_overflow = 22,
    handshake_failure = 40,
    no_certificate = 41,
    bad_certificate = 42,
    unsupported_certificate = 43,
    certificate_revoked = 44,
    certificate_expired = 45,
    certificate_unknown = 46,
    illegal_parameter = 47,
    unknown_ca = 48,
    access_denied = 49,
    decode_error = 50,
    decrypt_error = 51,
    protocol_version = 70,
    insufficient_security = 71,
    internal_error = 80,
    inappropriate_fallback = 86,
    user_canceled = 90,
    missing_extension = 109,
    unsupported_extension = 110,
    unrecognized_name = 112,
    bad_certificate_status_response = 113,
    unknown_psk_identity = 115,
    certificate_required = 116,
    no_application_protocol = 120,
    not_told = 256, /* no alert, or an encrypted one */
};

struct tls_failure_event {
    __u64 time;
    __u64 duration_ns; /* since the client's first message */
    __u32 pid;         /* of a client on this host */
    __u32 uid;
    enum tls_failure_kind kind;
    enum tls_party by; /* who refused, closed or reset */
    enum tls_alert alert;
    bool server_answered; /* the server had sent its hello */
    __u8 padding[3];
    __u16 client_port;
    __u16 server_port;
    char comm[16];
    __u8 client_address[16];
    __u8 server_address[16];
    char server_name[128]; /* whom the client asked for; empty if it did not say */
};

struct tls_counts {
    __u64 begun;
    __u64 completed;
    __u64 failed;
    __u64 unclear; /* segments came out of order, so that it cannot be told */
};
