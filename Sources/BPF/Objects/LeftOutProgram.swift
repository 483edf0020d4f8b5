/// A program of an object that is not in the kernel though the object is loaded.
public struct LeftOutProgram: Sendable, Hashable {
    /// Why it is not there.
    public enum Reason: Sendable, Hashable {
        /// Nobody asked for it: its autoload is off.
        case notAskedFor
        /// The kernel refused it, and the object goes without it.
        case refused(BPFError)
        /// Others of its group do its work: those of the first alternative that could be had.
        case notNeeded(instead: [String])
    }

    /// The C function's name.
    public let name: String
    public let reason: Reason
}

extension LeftOutProgram: CustomStringConvertible {
    /// "program on_open: others do its work: on_open_kprobe".
    public var description: String {
        switch reason {
        case .notAskedFor: "program \(name) was not asked for"
        case .refused(let error): "program \(name) was left out: \(error)"
        case .notNeeded(let others): "program \(name) is not needed beside \(others.joined(separator: ", "))"
        }
    }
}
