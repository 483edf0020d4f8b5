/* What the kernel programs, the compiler of policies and the daemon share: declared here, once.
 *
 * The structures are the layout of maps and records; the functions judge packets. Both are compiled for the
 * kernel (bpf/policy) and, through the module CDatapath, into user space, where tests reach them and where the
 * `compiled` engine runs them. */
#pragma once
#include "policyd/base.h"
#include "policyd/tables.h"
#include "policyd/classify.h"
#include "policyd/packet.h"
#include "policyd/connection.h"
#include "policyd/quick.h"
#include "policyd/event.h"
