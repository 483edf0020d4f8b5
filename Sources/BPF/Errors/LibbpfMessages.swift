import CLibBPF
import Glibc

/// What libbpf prints, kept per thread for the error of the step that caused it. Nothing goes to stderr.
///
/// libbpf has one print callback for the process; it finds the buffer of the step that runs on its thread through a thread-specific
/// key. Messages outside any step are dropped.
final class LibbpfMessages {
    private(set) var text = ""

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        swiftbpf_install_print()
        return key
    }()

    /// Runs `body` and returns its result with what libbpf printed meanwhile on this thread.
    static func capturing<R>(_ body: () -> R) -> (result: R, printed: String) {
        let key = Self.key
        let messages = LibbpfMessages()
        let outer = unsafe pthread_getspecific(key)
        unsafe pthread_setspecific(key, Unmanaged.passUnretained(messages).toOpaque())
        let result = body()
        unsafe pthread_setspecific(key, outer)
        return withExtendedLifetime(messages) { (result, messages.text) }
    }

    fileprivate static func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let current = unsafe pthread_getspecific(key) else { return }
        let messages = unsafe Unmanaged<LibbpfMessages>.fromOpaque(current).takeUnretainedValue()
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        messages.text += line.hasPrefix("libbpf: ") ? String(line.dropFirst(8)) : line
    }
}

/// libbpf's print callback, after the C side has formatted the message.
@c(swiftbpf_message)
func receiveLibbpfMessage(_ level: CInt, _ text: UnsafePointer<CChar>, _ length: Int) {
    let bytes = unsafe UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: length)
    // Debug messages narrate success; they would only bury the reason.
    if level < CInt(LIBBPF_DEBUG.rawValue) { unsafe LibbpfMessages.append(bytes) }
}
