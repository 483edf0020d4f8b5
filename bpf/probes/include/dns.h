/* A DNS query or its answer. */
#pragma once
#include "record.h"

enum dns_kind {
    QUERY = 1,
    ANSWER = 2,
};

enum dns_direction {
    SENT = 1,
    RECEIVED = 2,
};

/* The commoner types of records (IANA). */
enum dns_type {
    A = 1,
    NS = 2,
    CNAME = 5,
    SOA = 6,
    PTR = 12,
    MX = 15,
    TXT = 16,
    AAAA = 28,
    SRV = 33,
    NAPTR = 35,
    DS = 43,
    DNSKEY = 48,
    SVCB = 64,
    HTTPS = 65,
    ANY = 255,
};

enum dns_result {
    NOERROR = 0,
    FORMERR = 1,
    SERVFAIL = 2,
    NXDOMAIN = 3,
    NOTIMP = 4,
    REFUSED = 5,
};

struct dns_event {
    __u64 time;
    __u64 duration_ns; /* of an answer: since its query; 0 if that was not seen */
    __u32 pid;         /* who asked, if a process of this host did; of a query received nobody */
    __u32 uid;
    enum dns_kind kind;
    enum dns_direction direction;
    enum dns_type type;
    enum dns_result result; /* of an answer */
    __u16 id;
    __u16 answers;   /* of an answer: records in its answer section */
    __u16 addresses; /* of an answer: how many of these are addresses, as far as they were read */
    __u16 client_port;
    __u16 server_port;
    bool truncated; /* the server wants to be asked by TCP */
    __u8 padding;
    char comm[16];
    __u8 client_address[16];
    __u8 server_address[16];
    __u8 answer_address[16]; /* the first address of an answer, or zero */
    char name[256];
};

struct dns_counts {
    __u64 queries;
    __u64 answers;
    __u64 malformed;
};
