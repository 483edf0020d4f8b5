/* A DNS query or its answer, laid out as in Sources/ProbeRecords/DNSEvent.swift: enumerations are bytes, and count from 0. */
#pragma once
#include "../../bpf/probes/include/record.h"

#define BYTE __attribute__((packed))

enum dns_kind {
    QUERY,
    ANSWER,
} BYTE;

enum dns_direction {
    SENT,
    RECEIVED,
} BYTE;

/* The commoner types of records. */
enum dns_type {
    OTHER,
    A,
    NS,
    CNAME,
    SOA,
    PTR,
    MX,
    TXT,
    AAAA,
    SRV,
    NAPTR,
    DS,
    DNSKEY,
    SVCB,
    HTTPS,
    ANY,
} BYTE;

enum dns_result {
    NOERROR,
    FORMERR,
    SERVFAIL,
    NXDOMAIN,
    NOTIMP,
    REFUSED,
    OTHER_RESULT,
} BYTE;

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
    __u16 type_number;
    __u8 result_number;
    bool truncated; /* the server wants to be asked by TCP */
    __u16 padding[3];
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
