#pragma once
#include "designs.h"

static inline int matches(const struct design_rule *r, const struct design_packet *p) {
    return r->remote[0] <= p->remote && p->remote <= r->remote[1] && r->local[0] <= p->local && p->local <= r->local[1] &&
           r->protocol[0] <= p->protocol && p->protocol <= r->protocol[1] && r->source[0] <= p->source && p->source <= r->source[1] &&
           r->destination[0] <= p->destination && p->destination <= r->destination[1] &&
           (p->has_ports || (r->source[0] == 0 && r->source[1] == 65535 && r->destination[0] == 0 && r->destination[1] == 65535));
}
