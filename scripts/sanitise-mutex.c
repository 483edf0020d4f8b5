// Loaded before Swift's own libraries by scripts/sanitise. Where two tasks want a Mutex at once, it goes from one to the other in
// libswiftSynchronization and the kernel, and the library is not compiled with the thread sanitiser: it is told here that the one comes
// after the other. Taking and leaving what nobody else wants is code of the program's own, which the sanitiser sees.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *mutex

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK);

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) {
    ((__attribute__((swiftcall)) void (*)(uint32_t, SELF))next(LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void unlock_slow(SELF) {
    if (__tsan_release) __tsan_release(mutex);
    ((__attribute__((swiftcall)) void (*)(SELF))next(UNLOCK))(mutex);
}
