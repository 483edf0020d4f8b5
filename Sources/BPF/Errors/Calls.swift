import CLibBPF
import Glibc

/// Runs a call that returns a negative error number, as libbpf's calls do, and throws what it reports.
///
/// For calls that print nothing; those of map elements are too hot to capture messages.
@discardableResult
@inline(__always)
func check(_ step: BPFError.Step, _ subject: @autoclosure () -> String, _ call: () -> CInt) throws(BPFError) -> CInt {
    let result = call()
    if result < 0 { throw BPFError(step, subject(), errno: -result) }
    return result
}

/// As `check`, and what libbpf prints during the call goes into the error.
@discardableResult
func captured(_ step: BPFError.Step, _ subject: @autoclosure () -> String, _ call: () -> CInt) throws(BPFError) -> CInt {
    let (result, printed) = LibbpfMessages.capturing(call)
    if result < 0 { throw BPFError(step, subject(), errno: -result, libbpfMessages: printed) }
    return result
}

/// As `captured`, for calls that return a pointer, or null and an error number.
func captured(
    _ step: BPFError.Step, _ subject: @autoclosure () -> String, pointer call: () -> OpaquePointer?
) throws(BPFError) -> OpaquePointer {
    let ((pointer, number), printed) = unsafe LibbpfMessages.capturing { () -> (OpaquePointer?, CInt) in
        let pointer = unsafe call()
        return unsafe (pointer, Glibc.errno)
    }
    guard let pointer = unsafe pointer else { throw BPFError(step, subject(), errno: number, libbpfMessages: printed) }
    return unsafe pointer
}

/// Runs a system call that returns -1 and sets `errno`.
@discardableResult
func system(_ step: BPFError.Step, _ subject: @autoclosure () -> String, _ call: () -> CInt) throws(BPFError) -> CInt {
    let result = call()
    if result < 0 { throw BPFError(step, subject(), errno: Glibc.errno) }
    return result
}
