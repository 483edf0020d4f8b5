// Memory as the verifier wants to see it used, and what Swift has no words for: volatile reads, atomic operations.
#pragma once
#include "ebpf.h"

#pragma clang assume_nonnull begin

/// A number the optimiser knows nothing about any more, so that the tests made of it afterwards stay what they are.
///
/// The verifier keeps bounds by register; a test that the optimiser moved to a copy of the number, or left out because it knew better,
/// is one the verifier has not seen. Constants stay constants.
static inline ebpf_u64 ebpf_opaque(ebpf_u64 value) {
    if (!__builtin_constant_p(value)) __asm__ volatile("" : "+r"(value));
    return value;
}

/// Where bytes of a packet begin. The sum of a variable offset is made once and not taken apart again: the verifier gives each sum a range
/// of its own, and only the one that was compared with the packet's end may be read through.
///
/// So is the address of a packet's first byte when that alone is read: of "data + 1 <= end" the optimiser would make "data < end" in 32
/// bits, as the context has both, and the verifier learns nothing of such a comparison.
static inline ebpf_u64 ebpf_packet_address(ebpf_u64 data, ebpf_u64 offset, ebpf_u64 size) {
    if (__builtin_constant_p(offset) && (offset != 0 || size != 1)) return data + offset;
    ebpf_u64 address = data + offset;
    __asm__ volatile("" : "+r"(address));
    return address;
}

/// A pointer that is known not to be null, which Swift would test for.
static inline void *ebpf_pointer(ebpf_u64 address) { return (void *)address; }

static inline void ebpf_zero(void *memory, ebpf_u64 count) { __builtin_memset(memory, 0, count); }

/// Zeros in words, for what the kernel places at a multiple of eight.
static inline void ebpf_zero_words(void *memory, ebpf_u64 count) { __builtin_memset(__builtin_assume_aligned(memory, 8), 0, count); }

// A value that the loader may have changed after the compiler saw it.
static inline ebpf_u8 ebpf_volatile_8(const void *from) { return *(const volatile ebpf_u8 *)from; }
static inline ebpf_u16 ebpf_volatile_16(const void *from) { return *(const volatile ebpf_u16 *)from; }
static inline ebpf_u32 ebpf_volatile_32(const void *from) { return *(const volatile ebpf_u32 *)from; }
static inline ebpf_u64 ebpf_volatile_64(const void *from) { return *(const volatile ebpf_u64 *)from; }

#define EBPF_ATOMICS(bits)                                                                                                                 \
    /* Without a result and without order: one instruction of every kernel's. */                                                           \
    static inline void ebpf_atomic_add_##bits(ebpf_u##bits *at, ebpf_u##bits value) { __atomic_fetch_add(at, value, __ATOMIC_RELAXED); }   \
    static inline ebpf_u##bits ebpf_atomic_fetch_add_##bits(ebpf_u##bits *at, ebpf_u##bits value) {                                        \
        return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);                                                                            \
    }                                                                                                                                      \
    static inline ebpf_u##bits ebpf_atomic_fetch_and_##bits(ebpf_u##bits *at, ebpf_u##bits value) {                                        \
        return __atomic_fetch_and(at, value, __ATOMIC_SEQ_CST);                                                                            \
    }                                                                                                                                      \
    static inline ebpf_u##bits ebpf_atomic_fetch_or_##bits(ebpf_u##bits *at, ebpf_u##bits value) {                                         \
        return __atomic_fetch_or(at, value, __ATOMIC_SEQ_CST);                                                                             \
    }                                                                                                                                      \
    static inline ebpf_u##bits ebpf_atomic_fetch_xor_##bits(ebpf_u##bits *at, ebpf_u##bits value) {                                        \
        return __atomic_fetch_xor(at, value, __ATOMIC_SEQ_CST);                                                                            \
    }                                                                                                                                      \
    static inline ebpf_u##bits ebpf_atomic_exchange_##bits(ebpf_u##bits *at, ebpf_u##bits value) {                                         \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                                                           \
    }                                                                                                                                      \
    static inline ebpf_u##bits ebpf_atomic_compare_exchange_##bits(ebpf_u##bits *at, ebpf_u##bits expected, ebpf_u##bits desired) {        \
        __atomic_compare_exchange_n(at, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                                        \
        return expected;                                                                                                                   \
    }

EBPF_ATOMICS(32)
EBPF_ATOMICS(64)

#pragma clang assume_nonnull end
