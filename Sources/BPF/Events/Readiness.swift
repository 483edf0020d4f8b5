import CLibBPF
import Glibc
import Synchronization

/// Waits for descriptors to become readable without holding a thread of Swift's pool.
///
/// One thread of its own sits in `epoll_wait` for the whole process. Each wait arms its descriptor once; arming looks at the
/// descriptor's state, so nothing that came before is missed.
package final class Readiness: Sendable {
    private struct Waiters {
        var continuations: [CInt: [(token: UInt64, continuation: CheckedContinuation<Bool, Never>)]] = [:]
        var cancelled: Set<UInt64> = []
        var nextToken: UInt64 = 0
    }

    private static let shared = Readiness()

    private let epoll: CInt
    private let waiters = Mutex(Waiters())

    private init() {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return }
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<Readiness>.fromOpaque(context).takeUnretainedValue().run() }
                return nil
            }, context)
        if result == 0 { pthread_detach(thread) }
    }

    /// Suspends until the descriptor is readable; false if the task was cancelled before.
    ///
    /// - Parameter isReady: Asked once the descriptor is armed; if it says so, the wait is over. A perf buffer forgets that it is readable
    ///   when it is asked (`perf_poll`, kernel/events/core.c), and epoll asks twice about what is readable already when it is armed: what was
    ///   written just before would not be reported.
    package static func wait(for descriptor: CInt, unless isReady: @Sendable () -> Bool = { false }) async throws(BPFError) -> Bool {
        try await shared.wait(for: descriptor, unless: isReady)
    }

    private func wait(for descriptor: CInt, unless isReadyAlready: @Sendable () -> Bool) async throws(BPFError) -> Bool {
        let token = waiters.withLock {
            $0.nextToken += 1
            return $0.nextToken
        }
        let failure = Mutex<CInt>(0)
        let isReady = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = waiters.withLock {
                    if $0.cancelled.remove(token) != nil { return true }
                    $0.continuations[descriptor, default: []].append((token, continuation))
                    return false
                }
                if isCancelled {
                    continuation.resume(returning: false)
                } else if let number = arm(descriptor) {
                    failure.withLock { $0 = number }
                    cancel(token, of: descriptor)
                } else if isReadyAlready() {
                    finish(token, of: descriptor, with: true)
                }
            }
        } onCancel: {
            cancel(token, of: descriptor)
        }
        waiters.withLock { _ = $0.cancelled.remove(token) }
        let number = failure.withLock { $0 }
        if number != 0 { throw BPFError(.wait, "descriptor \(descriptor)", errno: number) }
        return isReady
    }

    /// Asks for one report about the descriptor; returns the error number if that fails.
    private func arm(_ descriptor: CInt) -> CInt? {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        unsafe event.data.fd = descriptor
        if unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return nil }
        if errno == ENOENT, unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 { return nil }
        // Another task added it between the two calls.
        if errno == EEXIST, unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return nil }
        return errno
    }

    private func cancel(_ token: UInt64, of descriptor: CInt) {
        finish(token, of: descriptor, with: false)
    }

    /// Ends a wait, unless it has ended.
    private func finish(_ token: UInt64, of descriptor: CInt, with isReady: Bool) {
        let continuation = waiters.withLock { waiters -> CheckedContinuation<Bool, Never>? in
            guard let index = waiters.continuations[descriptor]?.firstIndex(where: { $0.token == token }) else {
                waiters.cancelled.insert(token)
                return nil
            }
            return waiters.continuations[descriptor]?.remove(at: index).continuation
        }
        continuation?.resume(returning: isReady)
    }

    private func run() {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = unsafe epoll_wait(epoll, &events, CInt(events.count), -1)
            if count < 0, errno != EINTR { return }
            for index in 0..<Int(max(count, 0)) {
                let descriptor = unsafe events[index].data.fd
                let ready = waiters.withLock { $0.continuations.removeValue(forKey: descriptor) ?? [] }
                for waiter in ready { waiter.continuation.resume(returning: true) }
            }
        }
    }
}
