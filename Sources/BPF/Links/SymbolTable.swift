import CLibBPF
import Glibc

/// Finds functions of an ELF file by name, for uprobes. libbpf does this too, but only within its own attaching.
struct SymbolTable {
    private let path: String
    private let bytes: [UInt8]
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
        self.bytes = bytes
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), bytes.count >= MemoryLayout<Elf64_Ehdr>.size else {
            throw BPFError(.attach, subject, errno: ENOEXEC, reason: "\(path) is no 64-bit little-endian ELF file")
        }
    }

    /// Where a function's code begins in the file.
    func offset(of name: String) throws(BPFError) -> Int {
        let sections = sections()
        for table in sections where table.sh_type == UInt32(SHT_SYMTAB) || table.sh_type == UInt32(SHT_DYNSYM) {
            guard Int(table.sh_link) < sections.count else { continue }
            let names = sections[Int(table.sh_link)]
            let size = MemoryLayout<Elf64_Sym>.size
            for index in 0..<Int(clamping: table.sh_size) / size {
                guard let symbol = load(Elf64_Sym.self, at: Int(clamping: table.sh_offset &+ UInt64(index * size))) else { break }
                // Functions that have code here: ordinary ones (2), and those chosen at run time (10).
                guard [2, 10].contains(symbol.st_info & 15), symbol.st_shndx > 0, Int(symbol.st_shndx) < sections.count,
                    isName(name, at: Int(clamping: names.sh_offset &+ UInt64(symbol.st_name)))
                else { continue }
                let section = sections[Int(symbol.st_shndx)]
                return Int(truncatingIfNeeded: symbol.st_value &- section.sh_addr &+ section.sh_offset)
            }
        }
        throw BPFError(.attach, subject, errno: ENOENT, reason: "\(path) has no function \(name)", remedy: "see nm -D \(path)")
    }

    private func sections() -> [Elf64_Shdr] {
        guard let header = load(Elf64_Ehdr.self, at: 0) else { return [] }
        var sections: [Elf64_Shdr] = []
        for index in 0..<UInt64(header.e_shnum) {
            let place = header.e_shoff &+ index * UInt64(MemoryLayout<Elf64_Shdr>.size)
            // Sections refer to each other by number: none may be missing among them.
            guard let section = load(Elf64_Shdr.self, at: Int(clamping: place)) else { return [] }
            sections.append(section)
        }
        return sections
    }

    /// Whether the text at an offset is the name, alone or followed by `@` and a version.
    private func isName(_ name: String, at offset: Int) -> Bool {
        guard offset >= 0, offset < bytes.count, bytes[offset...].starts(with: name.utf8) else { return false }
        let end = offset + name.utf8.count
        return end < bytes.count && (bytes[end] == 0 || bytes[end] == 0x40)
    }

    private func load<T: BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<T>.size else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    }
}
