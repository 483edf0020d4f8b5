import Glibc

/// Runs a closure on a fresh thread and waits for it.
///
/// What the closure changes of its thread, namespaces above all, ends with the thread.
func onFreshThread<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let result = withoutActuallyEscaping({ () -> Result<R, E> in
        do throws(E) { return .success(try body()) } catch { return .failure(error) }
    }) { body -> Result<R, E>? in
        let work = ThreadWork(body)
        var thread = pthread_t()
        let context = unsafe Unmanaged.passUnretained(work).toOpaque()
        let started = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<AnyThreadWork>.fromOpaque(context).takeUnretainedValue().run() }
                return nil
            }, context)
        if started == 0 { pthread_join(thread, nil) }
        return work.result
    }
    guard let result else { preconditionFailure("no thread could be started") }
    return try result.get()
}

private class AnyThreadWork {
    func run() {}
}

private final class ThreadWork<R>: AnyThreadWork {
    private var body: (() -> R)?
    private(set) var result: R?

    init(_ body: @escaping () -> R) { self.body = body }

    override func run() {
        result = body?()
        body = nil
    }
}
