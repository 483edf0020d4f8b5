/// The sections and symbols of an eBPF object file, all of whose places have been checked.
///
/// libbpf trusts much of what a file says about itself: up to version 1.5 a symbol that reaches beyond its section makes it read, and
/// write, beyond its memory. What no compiler writes is refused here, in words; a sound file passes whatever its sections are called.
struct ELFObject {
    /// A section of the file.
    struct Section {
        var name: String
        /// `SHT_…`.
        var type: UInt32
        var flags: UInt64
        var content: CheckedBytes
        var size: UInt64
        var link: UInt32
        var info: UInt32
        var entrySize: UInt64
    }

    /// A symbol of the file's table.
    struct Symbol {
        var name: String
        var type: UInt8
        /// Whether it may be nowhere.
        var isWeak: Bool
        /// The section it lies in, or a number from 0xff00 on, or 0 if it lies elsewhere.
        var section: UInt16
        var value: UInt64
        var size: UInt64
    }

    private(set) var sections: [Section] = []
    private(set) var symbols: [Symbol] = []

    /// Numbers of the ELF format.
    enum Kind {
        static let symbolTable: UInt32 = 2
        static let stringTable: UInt32 = 3
        static let relocationsWithAddend: UInt32 = 4
        static let noBits: UInt32 = 8
        static let relocations: UInt32 = 9
        static let dynamicSymbols: UInt32 = 11
        static let hasCode: UInt64 = 1 << 2
        static let isCompressed: UInt64 = 1 << 11
        static let firstReservedSection: UInt16 = 0xff00
    }

    /// Reads and checks a whole file.
    init(_ file: [UInt8]) throws(ObjectDefect) {
        let bytes = CheckedBytes(file[...])
        try Self.checkHeader(bytes)
        sections = try Self.sections(bytes)
        try checkRelocations()
        symbols = try readSymbols()
        try checkSymbols()
    }

    /// The section of a name.
    func section(_ name: String) -> Section? { sections.first { $0.name == name } }
}

extension ELFObject {
    /// Sizes of the format's structures.
    private enum Size {
        static let header = 64
        static let section = 64
        static let symbol = 24
        static let relocation = 16
    }

    /// Refuses what is no relocatable eBPF object of this machine's byte order.
    private static func checkHeader(_ bytes: CheckedBytes) throws(ObjectDefect) {
        let recompile = "compile it with clang -target bpf -c"
        if bytes.count == 0 { throw ObjectDefect("it is empty") }
        guard bytes.bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
            if bytes.bytes.starts(with: [0x42, 0x43, 0xc0, 0xde]) {
                throw ObjectDefect("it is LLVM bitcode, not an object", remedy: "\(recompile), without -emit-llvm and -flto")
            }
            if bytes.count < 4, [0x7f, 0x45, 0x4c, 0x46].starts(with: bytes.bytes) { throw .cut("its header") }
            throw ObjectDefect("it is not an ELF file")
        }
        guard bytes.count >= Size.header, let kind = bytes.load(16, as: UInt16.self), let machine = bytes.load(18, as: UInt16.self)
        else { throw .cut("its header") }
        let (width, order) = (bytes.bytes[bytes.bytes.startIndex + 4], bytes.bytes[bytes.bytes.startIndex + 5])
        if width == 1 { throw ObjectDefect("it is a 32-bit ELF file, and eBPF objects have 64 bits", remedy: recompile) }
        guard width == 2, order == 1 || order == 2 else { throw .corrupted("its header is of no known class or byte order") }
        // All machines this library serves are little-endian.
        if order == 2 {
            throw ObjectDefect(
                "it is compiled for big-endian machines, and this one is little-endian", remedy: "compile it with -target bpf or bpfel")
        }
        // Compilers before eBPF had a number of its own wrote 0.
        if machine != 247 && machine != 0 {
            let names: [UInt16: String] = [3: "x86", 40: "arm", 62: "x86-64", 183: "arm64", 243: "RISC-V"]
            throw ObjectDefect("it is compiled for \(names[machine] ?? "machine \(machine)"), not for eBPF", remedy: recompile)
        }
        if kind != 1 {
            let names: [UInt16: String] = [2: "a linked program", 3: "a shared library", 4: "a core dump"]
            throw ObjectDefect("it is \(names[kind] ?? "an ELF file of kind \(kind)"), not a relocatable object", remedy: recompile)
        }
    }

    private static func sections(_ bytes: CheckedBytes) throws(ObjectDefect) -> [Section] {
        guard let table = bytes.load(40, as: UInt64.self), let entrySize = bytes.load(58, as: UInt16.self),
            let count = bytes.load(60, as: UInt16.self), let namesIndex = bytes.load(62, as: UInt16.self)
        else { throw .cut("its header") }
        if table == 0 || count == 0 { throw ObjectDefect("it has no sections") }
        guard Int(entrySize) == Size.section else { throw .corrupted("its section headers have \(entrySize) bytes each") }
        guard let headers = bytes.slice(table, count: UInt64(count) * UInt64(Size.section)) else { throw .cut("its table of sections") }
        var sections: [Section] = []
        var nameOffsets: [UInt32] = []
        for index in 0..<Int(count) {
            let header = index * Size.section
            guard let name = headers.load(header, as: UInt32.self), let type = headers.load(header + 4, as: UInt32.self),
                let flags = headers.load(header + 8, as: UInt64.self), let offset = headers.load(header + 24, as: UInt64.self),
                let size = headers.load(header + 32, as: UInt64.self), let link = headers.load(header + 40, as: UInt32.self),
                let info = headers.load(header + 44, as: UInt32.self), let entry = headers.load(header + 56, as: UInt64.self)
            else { throw .cut("its table of sections") }
            nameOffsets.append(name)
            let hasContent = type != Kind.noBits && type != 0
            guard let content = bytes.slice(hasContent ? offset : 0, count: hasContent ? size : 0) else { throw .cut("section \(index)") }
            sections.append(
                Section(name: "", type: type, flags: flags, content: content, size: size, link: link, info: info, entrySize: entry))
        }
        guard Int(namesIndex) < sections.count, sections[Int(namesIndex)].type == Kind.stringTable else {
            throw .corrupted("it does not say what its sections are called")
        }
        let names = sections[Int(namesIndex)].content
        for index in sections.indices {
            guard let name = names.text(at: nameOffsets[index]) else { throw .corrupted("section \(index) has no name") }
            sections[index].name = name
        }
        return sections
    }

    /// What the file says about its relocations; libbpf follows their symbols and offsets.
    private func checkRelocations() throws(ObjectDefect) {
        for section in sections {
            if section.flags & Kind.isCompressed != 0 { throw ObjectDefect("section \(section.name) is compressed") }
            if section.type == Kind.relocationsWithAddend, Int(section.info) < sections.count,
                sections[Int(section.info)].flags & Kind.hasCode != 0
            {
                throw ObjectDefect("section \(section.name) has relocations with addends, which eBPF has not")
            }
            // Data that no kernel would take as a map's value, but for which memory would be asked.
            if section.type == Kind.noBits, section.size > UInt64(Int32.max) {
                throw ObjectDefect("section \(section.name) is to have \(section.size) bytes")
            }
            guard section.type == Kind.relocations else { continue }
            let target = Int(section.info)
            guard target > 0, target < sections.count, Int(section.link) < sections.count else {
                throw .corrupted("section \(section.name) belongs to no section")
            }
            let symbols = sections[Int(section.link)]
            guard symbols.type == Kind.symbolTable, section.entrySize == Size.relocation,
                section.content.count.isMultiple(of: Size.relocation)
            else { throw .corrupted("section \(section.name) is no table of relocations") }
            let symbolCount = symbols.content.count / Size.symbol
            for entry in stride(from: 0, to: section.content.count, by: Size.relocation) {
                guard let place = section.content.load(entry, as: UInt64.self), let info = section.content.load(entry + 8, as: UInt64.self)
                else { throw .cut("a relocation") }
                guard info >> 32 < UInt64(symbolCount) else { throw .corrupted("a relocation in \(section.name) names no symbol") }
                guard place < sections[target].size else {
                    throw .corrupted("a relocation in \(section.name) lies outside of \(sections[target].name)")
                }
            }
        }
    }

    private func readSymbols() throws(ObjectDefect) -> [Symbol] {
        let tables = sections.filter { $0.type == Kind.symbolTable }
        guard tables.count <= 1 else { throw .corrupted("it has \(tables.count) tables of symbols") }
        if sections.contains(where: { $0.type == Kind.dynamicSymbols }) { throw .corrupted("it has symbols for a dynamic linker") }
        guard let table = tables.first else {
            throw ObjectDefect("it has no table of symbols", remedy: "do not strip it; -g adds little to what is loaded")
        }
        guard Int(table.link) < sections.count, sections[Int(table.link)].type == Kind.stringTable, table.entrySize == Size.symbol,
            table.content.count.isMultiple(of: Size.symbol)
        else { throw .corrupted("its table of symbols is none") }
        let names = sections[Int(table.link)].content
        var symbols: [Symbol] = []
        for entry in stride(from: 0, to: table.content.count, by: Size.symbol) {
            guard let nameOffset = table.content.load(entry, as: UInt32.self), let info = table.content.load(entry + 4, as: UInt8.self),
                let section = table.content.load(entry + 6, as: UInt16.self), let value = table.content.load(entry + 8, as: UInt64.self),
                let size = table.content.load(entry + 16, as: UInt64.self)
            else { throw .cut("its table of symbols") }
            guard let name = names.text(at: nameOffset) else { throw .corrupted("symbol \(symbols.count) has no name") }
            symbols.append(Symbol(name: name, type: info & 0xf, isWeak: info >> 4 == 2, section: section, value: value, size: size))
        }
        return symbols
    }

    /// Where the functions and variables are to be.
    private func checkSymbols() throws(ObjectDefect) {
        for (index, section) in sections.enumerated() {
            guard section.flags & Kind.hasCode != 0, section.type == 1 else { continue }
            guard section.content.count.isMultiple(of: 8) else {
                throw .corrupted("section \(section.name) has no whole number of instructions")
            }
            for symbol in symbols where Int(symbol.section) == index && symbol.type == 2 {
                guard symbol.value.isMultiple(of: 8), symbol.size.isMultiple(of: 8), symbol.size > 0 else {
                    throw .corrupted("function \(symbol.name) has no whole number of instructions")
                }
            }
        }
        for symbol in symbols where symbol.section != 0 && symbol.section < Kind.firstReservedSection {
            guard Int(symbol.section) < sections.count else { throw .corrupted("symbol \(symbol.name) lies in no section") }
            let room = sections[Int(symbol.section)].size
            guard symbol.value <= room, symbol.size <= room - symbol.value else {
                throw .corrupted("symbol \(symbol.name) reaches beyond section \(sections[Int(symbol.section)].name)")
            }
        }
    }
}
