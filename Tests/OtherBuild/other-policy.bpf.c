/* The program of a generation as another build has it: for the same tables, with other instructions. What it drops carries a mark. */
#include <linux/pkt_cls.h>
#undef TC_ACT_SHOT
#define TC_ACT_SHOT (skb->mark = 0xb2, 2)
#include "../../bpf/policy/policy.bpf.c"
