import Foundation

/// Names the document at hand when the process ends by a signal: a trap, a stack that is used up, or a document that takes for ever.
enum Watch {
    /// The number as the signal's handler finds it; written on one thread only.
    nonisolated(unsafe) private static var number = 0

    /// The document that is read next. It has ten seconds.
    static var document: Int {
        get { number }
        set {
            number = newValue
            alarm(10)
        }
    }

    /// How long this thread has run: other work on the machine is not a document's fault.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The most memory that this process has ever had, in KiB.
    static var peakMemory: Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    /// Names the document from now on.
    static func begin() {
        // A stack of its own: the other one may be what is used up.
        var stack = stack_t()
        stack.ss_size = 65_536
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stack.ss_size, alignment: 16)
        sigaltstack(&stack, nil)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { signal in
            Watch.write(signal)
            Foundation.signal(signal, SIG_DFL)
            raise(signal)
        }
        action.sa_flags = CInt(SA_ONSTACK)
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] { sigaction(signal, &action, nil) }
    }

    /// Only what a handler may do: no memory is asked for.
    private static func write(_ signal: CInt) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            var count = 0
            func put(_ text: StaticString) {
                for index in 0..<text.utf8CodeUnitCount {
                    buffer[count] = text.utf8Start[index]
                    count += 1
                }
            }
            func put(_ value: Int) {
                if value >= 10 { put(value / 10) }
                buffer[count] = UInt8(48 + value % 10)
                count += 1
            }
            put("\nsignal ")
            put(Int(signal))
            put(" at document ")
            put(number)
            put("\n")
            _ = Foundation.write(2, buffer.baseAddress, count)
        }
    }
}
