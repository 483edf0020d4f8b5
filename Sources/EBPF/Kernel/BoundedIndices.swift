/// Numbers from 0 on, of which the verifier knows how many there are at most.
///
///     for index in BoundedIndices(below: count.value, atMost: 64) { … }
///
/// The verifier goes through a loop turn by turn, so there must be a limit. A range tests in every turn whether it has been left, and a
/// program may not trap where that fails; these numbers have nothing to test.
public struct BoundedIndices: Sequence, IteratorProtocol, Sendable {
    private var index: Int = 0
    private let end: Int

    /// - Parameters:
    ///   - count: How many numbers, if that is not more than `limit`; none if it is negative.
    ///   - limit: The most numbers there may be, best a constant.
    @inline(__always)
    public init(below count: some BinaryInteger, atMost limit: Int) {
        let count = Int(truncatingIfNeeded: count)
        end = count < limit ? count : limit
    }

    /// - Parameter count: How many numbers, best a constant.
    @inline(__always)
    public init(_ count: Int) { end = count }

    @inline(__always)
    public mutating func next() -> Int? {
        guard index < end else { return nil }
        defer { index &+= 1 }
        return index
    }
}
