import CLibBPF
import Glibc

/// What a process has mapped, and the functions of these files.
struct ProcessCode {
    /// A line of `/proc/PID/maps`.
    struct Mapping: Hashable {
        var range: Range<UInt64>
        /// Where in the file it begins.
        var offset: UInt64
        var file: File
        /// The file, or what the kernel calls it: `[vdso]`; empty for memory alone.
        var name: String { file.name }

        /// Reads `7f00-7f01 r-xp 00000000 fe:00 1234   /usr/lib/libc.so.6`.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count >= 5 else { return nil }
            let ends = fields[0].split(separator: "-").map { UInt64($0, radix: 16) }
            guard ends.count == 2, let start = ends[0], let end = ends[1], start < end, let offset = UInt64(fields[2], radix: 16),
                let inode = UInt64(fields[4])
            else { return nil }
            range = start..<end
            self.offset = offset
            file = File(
                device: String(fields[3]), inode: inode, name: fields.count > 5 ? String(fields[5].drop { $0 == " " }) : "")
        }
    }

    /// What is mapped, the same in all processes.
    struct File: Hashable {
        /// As the kernel writes it: `fe:00`.
        var device: String
        var inode: UInt64
        /// On some filesystems (btrfs) device and inode can be those of several files.
        var name: String
    }

    private let process: Int32
    private let mappings: [Mapping]
    /// The files that cannot be read by way of this process.
    private var unreadable: Set<File> = []

    init(_ process: Int32) {
        self.process = process
        let text = String(decoding: contents(of: "/proc/\(process)/maps") ?? [], as: UTF8.self)
        mappings = text.split(separator: "\n").compactMap { Mapping($0) }
    }

    /// - Parameter tables: The functions of the files that were read, by way of whichever process.
    mutating func place(of address: UInt64, isReturn: Bool, in tables: inout [File: FunctionTable]) -> SymbolicAddress? {
        let place = isReturn ? address - 1 : address
        guard let mapping = mappings.first(where: { $0.range.contains(place) }), !mapping.name.isEmpty else { return nil }
        let offset = place - mapping.range.lowerBound + mapping.offset
        if mapping.name.hasPrefix("/"), let found = table(of: mapping, in: &tables)?.function(at: offset) {
            return SymbolicAddress(function: found.name, module: mapping.name, offset: found.offset + (isReturn ? 1 : 0))
        }
        return SymbolicAddress(function: nil, module: mapping.name, offset: offset + (isReturn ? 1 : 0))
    }

    private mutating func table(of mapping: Mapping, in tables: inout [File: FunctionTable]) -> FunctionTable? {
        if let known = tables[mapping.file] { return known }
        guard !unreadable.contains(mapping.file) else { return nil }
        guard let file = Self.open(mapping, of: process) else {
            unreadable.insert(mapping.file)
            return nil
        }
        let table = FunctionTable(file)
        tables[mapping.file] = table
        return table
    }

    /// The file that is mapped, which may not be the one that has its name now.
    private static func open(_ mapping: Mapping, of process: Int32) -> SymbolTable? {
        let range = "\(String(mapping.range.lowerBound, radix: 16))-\(String(mapping.range.upperBound, radix: 16))"
        // For this one takes CAP_CHECKPOINT_RESTORE.
        if let table = try? SymbolTable(of: "/proc/\(process)/map_files/\(range)", subject: mapping.name) { return table }
        let path = "/proc/\(process)/root\(mapping.name)"
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_ino == mapping.file.inode else { return nil }
        return try? SymbolTable(of: path, subject: mapping.name)
    }
}

extension FunctionTable {
    /// The functions of a file, by where they begin in it.
    init(_ file: SymbolTable) {
        var functions: [Function] = []
        var names: [(table: CheckedBytes, offset: UInt32)] = []
        file.forEachFunction { symbol, offset, table in
            functions.append(Function(start: offset, size: symbol.st_size))
            names.append((table, symbol.st_name))
            return true
        }
        /// Of several names for the same code, the one meant for others has no underscores before it.
        func isInternal(_ place: Int) -> Bool { names[place].table.load(Int(names[place].offset), as: UInt8.self) == UInt8(ascii: "_") }
        self.init(
            functions,
            isBefore: { one, other in
                let (a, b) = (isInternal(one), isInternal(other))
                return a == b ? one < other : b
            },
            // "name@@VERSION" in tables that have versions in the names.
            name: { place in names[place].table.text(at: names[place].offset).map { String($0.prefix { $0 != "@" }) } })
    }
}
