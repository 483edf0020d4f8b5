// The same calls told by way of a perf event array.
#define VERSION 4
#define BY_PERF
#include "calls.h"

struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("tracepoint/syscalls/sys_enter_getpgid")
int pw_call(struct sys_enter *context) { return tell(context, context->arguments[0], CALL_TRACEPOINT); }
