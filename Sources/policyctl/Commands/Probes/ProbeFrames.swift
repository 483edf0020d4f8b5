import BPF
import PolicyAPI

extension ProbeMapContentsMessage {
    /// Says of each frame of its stack traces where that is, as far as whoever runs this may know.
    ///
    /// - Parameter process: Whose they are, where no field says it.
    mutating func nameFrames(process: Int32?) {
        var symbolizer = Symbolizer()
        for index in entries.indices {
            guard let stacks = entries[index].stacks else { continue }
            let owner = entries[index].process ?? process
            entries[index].stacks = stacks.map { stack in
                var stack = stack
                for frame in stack.frames.indices {
                    guard let address = stack.frames[frame].number else { continue }
                    // All but the innermost are where calls return to.
                    stack.frames[frame].place = symbolizer.place(of: address, process: owner, isReturn: frame > 0)?.description
                }
                return stack
            }
        }
    }
}

extension ProbeMapContentsMessage.Entry {
    /// The process that a field of the key or the value says: `tgid`, the kernel's name for it, before `pid`.
    fileprivate var process: Int32? {
        for name in ["tgid", "pid"] {
            for case .object(let fields) in [key] + values {
                if case .integer(let number)? = fields[name], let process = Int32(exactly: number), process > 0 { return process }
            }
        }
        return nil
    }
}

extension ProbeFrameMessage {
    fileprivate var number: UInt64? { address.flatMap { UInt64($0.dropFirst(2), radix: 16) } }

    /// The frame as a cell of a table.
    var text: String {
        if let place { return place }
        if let address { return address }
        return "build ID \(buildID ?? "-")+0x\(String(offset ?? 0, radix: 16))"
    }
}
