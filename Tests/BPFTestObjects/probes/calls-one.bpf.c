#define VERSION 1
#include "calls.h"

// The layout of a system call tracepoint: common fields, number, arguments.
struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("tracepoint/syscalls/sys_enter_getpgid")
int pw_call(struct sys_enter *context) { return tell(context, context->arguments[0], CALL_TRACEPOINT); }

SEC("uprobe")
int pw_function(struct pt_regs *context) { return tell(context, PT_REGS_PARM1(context), CALL_UPROBE); }
