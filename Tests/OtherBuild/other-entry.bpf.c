/* The entry programs as another build has them: for the same maps, with other instructions, and packets they drop carry a mark. */
#include <linux/pkt_cls.h>
#undef TC_ACT_SHOT
#define TC_ACT_SHOT (skb->mark = 0xb2, 2)
#include "../../bpf/policy/entry.bpf.c"
