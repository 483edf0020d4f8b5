/// Where in code an address of a stack trace lies.
public struct SymbolicAddress: Sendable, Hashable, CustomStringConvertible {
    /// The function, as its file has it (names of C++ and Swift are mangled there); nil where the file names none.
    public let function: String?
    /// The file, as the process has it mapped; of the kernel `kernel` or the name of a module.
    public let module: String
    /// How many bytes behind the function's beginning, or the file's where there is no function.
    public let offset: UInt64

    /// `malloc+0x1c (/usr/lib/libc.so.6)`, or `/usr/lib/libc.so.6+0x9a1c`.
    public var description: String {
        let place = "+0x\(String(offset, radix: 16))"
        return function.map { "\($0)\(place) (\(module))" } ?? "\(module)\(place)"
    }
}

/// Names the addresses in stack traces.
///
///     var symbolizer = Symbolizer()
///     for frame in try stacks.frames(of: number) ?? [] {
///         if case .address(let address) = frame { print(symbolizer.place(of: address, process: pid) ?? "?") }
///     }
///
/// Addresses of the kernel are looked up in `/proc/kallsyms`, which tells them to those with CAP_SYSLOG (with `kernel.kptr_restrict` at 0 also to
/// others). Addresses of a process are looked up in what it has mapped now, and the symbol tables of these files: that takes the right
/// to trace the process, and is of no use once the process has gone, or its number belongs to another.
///
/// What is read is kept: make another value to look again.
public struct Symbolizer {
    private var kernel: KernelCode?
    private var processes: [Int32: ProcessCode] = [:]
    /// The functions of files: many processes have the same mapped, and a table holds the whole file.
    private var tables: [ProcessCode.File: FunctionTable] = [:]

    public init() {}

    /// Whether an address is the kernel's.
    public static func isKernel(_ address: UInt64) -> Bool { address >> 63 == 1 }

    /// Where an address lies; nil if nobody says it.
    ///
    /// - Parameters:
    ///   - process: Whose address it is, unless it is the kernel's.
    ///   - isReturn: Whether it is where a call returns to, as all addresses of a trace but the innermost are: the call before it is what is
    ///     meant, which can be the last of its function.
    public mutating func place(of address: UInt64, process: Int32?, isReturn: Bool = false) -> SymbolicAddress? {
        guard address > 0 else { return nil }
        if Self.isKernel(address) {
            let code = kernel ?? KernelCode()
            kernel = code
            return code.place(of: address, isReturn: isReturn)
        }
        guard let process, process > 0 else { return nil }
        var code = processes[process] ?? ProcessCode(process)
        defer { processes[process] = code }
        return code.place(of: address, isReturn: isReturn, in: &tables)
    }
}

/// Functions by where they begin.
struct FunctionTable {
    struct Function {
        var start: UInt64
        /// 0 where nobody says it: up to the next one.
        var size: UInt64
    }

    private let functions: [Function]
    private let name: (Int) -> String?

    /// - Parameters:
    ///   - functions: In any order.
    ///   - isBefore: Which of two that begin at the same place is to be named.
    ///   - name: The name of the one that was in a place of the list.
    init(_ functions: [Function], isBefore: (Int, Int) -> Bool = { $0 < $1 }, name: @escaping (Int) -> String?) {
        let order = functions.indices.sorted { one, other in
            let (a, b) = (functions[one].start, functions[other].start)
            return a == b ? isBefore(one, other) : a < b
        }
        self.functions = order.map { functions[$0] }
        self.name = { name(order[$0]) }
    }

    /// The function an address is in, and how far behind its beginning.
    func function(at address: UInt64) -> (name: String, offset: UInt64)? {
        // The first that begins behind it.
        var (low, high) = (0, functions.count)
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let end = low < functions.count ? functions[low].start : .max
        // The first of those that begin at the same place.
        let start = functions[low - 1].start
        var place = low - 1
        while place > 0, functions[place - 1].start == start { place -= 1 }
        for candidate in place..<low {
            let size = functions[candidate].size
            guard address - start < (size > 0 ? size : end - start), let name = name(candidate) else { continue }
            return (name, address - start)
        }
        return nil
    }
}
