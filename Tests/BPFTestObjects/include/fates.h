#pragma once
// What the two witnesses beside a program under test share with the tests.
#include <linux/types.h>

// Numbered datagrams carry this and then their number, in the byte order of the machine.
#define BT_NUMBERED 0x6d756e21u
