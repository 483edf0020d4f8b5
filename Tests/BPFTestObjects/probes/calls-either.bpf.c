// The same work in two ways, of which no kernel takes the first: it loads, and there is no such function to attach it to.
#define VERSION 3
#include "calls.h"

struct sys_enter {
    __u64 common;
    long number;
    unsigned long arguments[6];
};

SEC("kprobe/no_kernel_has_this_function")
int pw_kprobe(struct pt_regs *context) { return tell(context, PT_REGS_PARM1(context), CALL_NONE); }

SEC("tracepoint/syscalls/sys_enter_getpgid")
int pw_call(struct sys_enter *context) { return tell(context, context->arguments[0], CALL_TRACEPOINT); }
