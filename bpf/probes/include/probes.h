/* The records of all bundled probes, for who reads them. */
#pragma once
#include "allocations.h"
#include "packet-drops.h"
#include "tcp-connections.h"
#include "tcp-troubles.h"
#include "tls-failures.h"
