/* Functions for tests to probe: what they do is known to the byte. */
#pragma once
#include <stddef.h>

/* Calls itself so many times, and returns the number of the call that began it doubled. */
long probe_target_descend(long depth);

/* An allocator of its own: hands out the addresses it is told. */
void *probe_target_malloc(size_t bytes);
void *probe_target_calloc(size_t count, size_t bytes);
void *probe_target_realloc(void *old, size_t bytes);
int probe_target_posix_memalign(void **place, size_t alignment, size_t bytes);
void probe_target_free(void *address);
/* What the next allocation returns; NULL lets it fail. */
void probe_target_next(void *address);

/* USDT probes `allocator:taken` with address and size, and `allocator:returned` with the address. */
void probe_target_taken(void *address, size_t bytes);
void probe_target_returned(void *address);

/* The system call openat2, which C libraries have no function for. */
long probe_target_openat2(int directory, const char *path, void *how, size_t size);
