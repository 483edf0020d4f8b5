import CLibBPF
import Glibc

/// The functions of an ELF file: by name, for uprobes, and by place, for stack traces. libbpf does the first too, but only within its own
/// attaching.
struct SymbolTable {
    private let path: String
    private let bytes: CheckedBytes
    private let subject: String

    /// The most that is read of a file, in bytes.
    private static let sizeLimit: off_t = 2 << 30

    /// Reads a file of this machine's word size and byte order.
    init(of path: String, subject: String) throws(BPFError) {
        self.path = path
        self.subject = subject
        let file = Descriptor(adopting: try system(.attach, subject) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
        var status = stat()
        try system(.attach, subject) { unsafe fstat(file.rawValue, &status) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.sizeLimit else {
            throw BPFError(.attach, subject, errno: ENOEXEC, reason: "\(path) is no file of at most \(Self.sizeLimit >> 30) GiB")
        }
        let size = Int(status.st_size)
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(file.rawValue, $0.baseAddress.map { unsafe $0 + filled }, size - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            filled += count
        }
        self.bytes = CheckedBytes(bytes[...])
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), bytes.count >= MemoryLayout<Elf64_Ehdr>.size else {
            throw BPFError(.attach, subject, errno: ENOEXEC, reason: "\(path) is no 64-bit little-endian ELF file")
        }
    }

    /// Where a function's code begins in the file.
    func offset(of name: String) throws(BPFError) -> Int {
        var found: UInt64?
        forEachFunction { symbol, offset, names in
            if isName(name, at: Int(symbol.st_name), of: names) { found = offset }
            return found == nil
        }
        guard let found else {
            throw BPFError(.attach, subject, errno: ENOENT, reason: "\(path) has no function \(name)", remedy: "see nm -D \(path)")
        }
        return Int(truncatingIfNeeded: found)
    }

    /// Gives each function that has code here to a closure, with where that begins in the file and the table its name is in, until the
    /// closure returns false.
    func forEachFunction(_ body: (_ symbol: Elf64_Sym, _ offset: UInt64, _ names: CheckedBytes) -> Bool) {
        let sections = sections()
        for table in sections where table.sh_type == UInt32(SHT_SYMTAB) || table.sh_type == UInt32(SHT_DYNSYM) {
            guard Int(table.sh_link) < sections.count else { continue }
            let link = sections[Int(table.sh_link)]
            guard let names = bytes.slice(link.sh_offset, count: link.sh_size),
                let symbols = bytes.slice(table.sh_offset, count: table.sh_size)
            else { continue }
            let size = MemoryLayout<Elf64_Sym>.size
            for index in 0..<symbols.count / size {
                guard let symbol = symbols.structure(Elf64_Sym.self, at: UInt64(index * size)) else { break }
                // Ordinary functions (2), and those chosen at run time (10).
                guard [2, 10].contains(symbol.st_info & 15), symbol.st_shndx > 0, Int(symbol.st_shndx) < sections.count else { continue }
                let section = sections[Int(symbol.st_shndx)]
                guard body(symbol, symbol.st_value &- section.sh_addr &+ section.sh_offset, names) else { return }
            }
        }
    }

    private func sections() -> [Elf64_Shdr] {
        let size = UInt64(MemoryLayout<Elf64_Shdr>.size)
        guard let header = bytes.structure(Elf64_Ehdr.self, at: 0),
            let table = bytes.slice(header.e_shoff, count: UInt64(header.e_shnum) * size)
        else { return [] }
        return (0..<UInt64(header.e_shnum)).compactMap { table.structure(Elf64_Shdr.self, at: $0 * size) }
    }

    /// Whether the text at an offset is the name, alone or followed by `@` and a version.
    private func isName(_ name: String, at offset: Int, of names: CheckedBytes) -> Bool {
        let text = names.bytes.dropFirst(offset)
        guard text.starts(with: name.utf8), let end = text.dropFirst(name.utf8.count).first else { return false }
        return end == 0 || end == 0x40
    }
}
