#define _GNU_SOURCE
#include "target.h"
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

/* Keeps the compiler from seeing through a function that does nothing. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

NOINLINE long probe_target_descend(long depth) {
    long below = depth;
    OPAQUE(depth);
    if (depth > 0) below = probe_target_descend(depth - 1);
    OPAQUE(below);
    return depth * 2;
}

static void *next;

void probe_target_next(void *address) { next = address; }

NOINLINE void *probe_target_malloc(size_t bytes) {
    OPAQUE(bytes);
    return next;
}

NOINLINE void *probe_target_calloc(size_t count, size_t bytes) {
    OPAQUE(count);
    /* As some libraries do it: by way of their own malloc(). */
    return probe_target_malloc(count * bytes);
}

NOINLINE void *probe_target_realloc(void *old, size_t bytes) {
    OPAQUE(old);
    OPAQUE(bytes);
    return next;
}

NOINLINE int probe_target_posix_memalign(void **place, size_t alignment, size_t bytes) {
    OPAQUE(alignment);
    OPAQUE(bytes);
    if (!next) return 12;
    *place = next;
    return 0;
}

NOINLINE void probe_target_free(void *address) { OPAQUE(address); }

/* What <sys/sdt.h> makes of STAP_PROBE: a nop, and a note that says where it is and where its arguments are (the ELF notes of SystemTap). */
#define NOTE(name, arguments)                                                                   \
    "990: nop\n"                                                                                \
    ".pushsection .note.stapsdt,\"\",\"note\"\n"                                               \
    ".balign 4\n"                                                                               \
    ".4byte 992f-991f, 994f-993f, 3\n"                                                          \
    "991: .asciz \"stapsdt\"\n"                                                                 \
    "992: .balign 4\n"                                                                          \
    "993: .8byte 990b\n"                                                                        \
    ".8byte _.stapsdt.base\n"                                                                   \
    ".8byte 0\n"                                                                                \
    ".asciz \"allocator\"\n"                                                                    \
    ".asciz \"" name "\"\n"                                                                     \
    ".asciz \"" arguments "\"\n"                                                                \
    "994: .balign 4\n"                                                                          \
    ".popsection\n"                                                                             \
    ".ifndef _.stapsdt.base\n"                                                                  \
    ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"                     \
    ".weak _.stapsdt.base\n"                                                                    \
    ".hidden _.stapsdt.base\n"                                                                  \
    "_.stapsdt.base: .space 1\n"                                                                \
    ".size _.stapsdt.base, 1\n"                                                                 \
    ".popsection\n"                                                                             \
    ".endif\n"

NOINLINE void probe_target_taken(void *address, size_t bytes) { __asm__ volatile(NOTE("taken", "8@%0 8@%1") : : "r"(address), "r"(bytes)); }

NOINLINE void probe_target_returned(void *address) { __asm__ volatile(NOTE("returned", "8@%0") : : "r"(address)); }

long probe_target_openat2(int directory, const char *path, void *how, size_t size) {
    return syscall(SYS_openat2, directory, path, how, size);
}
