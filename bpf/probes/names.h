/* Names the kernel has for its numbers, in the kernel's own words: enumerators differ from one version to the next. */
#pragma once
#include "probe.h"

/* Writes the name of an enumerator by the kernel's BTF, without so many of its first characters; a number that has no name as digits.
 * `type` is the enumeration's number there. */
PROBE_INLINE void name_of_enumerator(char *out, __u32 size, __u32 *value, __u32 type, __u32 prefix) {
    struct btf_ptr pointer = {.ptr = value, .type_id = type};
    char text[64] = {};
    long length = bpf_snprintf_btf(text, sizeof(text), &pointer, sizeof(pointer), BTF_F_COMPACT | BTF_F_NONAME);

    bpf_probe_read_kernel_str(out, size, length > prefix ? text + prefix : text);
}
