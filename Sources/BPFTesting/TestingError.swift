import Glibc

/// A test's surroundings could not be made.
public struct TestingError: Error, CustomStringConvertible, Sendable {
    public let description: String

    init(_ description: String) { self.description = description }

    /// An error of a call that set `errno`.
    init(_ what: String, errno number: CInt) {
        description = unsafe "\(what): \(String(cString: strerror(number)))"
    }
}
