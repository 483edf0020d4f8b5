import CLibBPF
import Glibc

extension ObjectHandle {
    /// The bytes of a source and the name the object goes by.
    ///
    /// - Parameter subject: What an error speaks of.
    static func contents(of source: ObjectSource, subject: String) throws(BPFError) -> (bytes: [UInt8], name: String) {
        switch source {
        case .bytes(let bytes, let name): return (bytes, name)
        case .file(let path):
            // As libbpf calls it: the file's name up to its first dot.
            let file = path.split(separator: "/").last ?? ""
            return (try readFile(path, subject: subject), String(file.prefix { $0 != "." }))
        }
    }

    private static func readFile(_ path: String, subject: String) throws(BPFError) -> [UInt8] {
        // A pipe that nobody writes to must not keep anybody waiting.
        let file = Descriptor(adopting: try system(.open, subject) { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
        var status = stat()
        try system(.open, subject) { unsafe fstat(file.rawValue, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw BPFError(.open, subject, reason: "it is not a file with contents") }
        guard status.st_size <= ObjectCheck.sizeLimit else {
            throw BPFError(.open, subject, reason: "it has \(status.st_size) bytes, and \(ObjectCheck.sizeLimit) are the most")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var length = 0
        while length < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(file.rawValue, $0.baseAddress.map { unsafe $0 + length }, $0.count - length)
            }
            if count < 0, Glibc.errno == EINTR { continue }
            if count < 0 { throw BPFError(.open, subject, errno: Glibc.errno) }
            if count == 0 { break }
            length += count
        }
        return Array(bytes.prefix(length))
    }

    /// Sets what an object leaves open, or sets where the kernel wants nothing, and writes down what was done.
    func applyConventions() {
        // swift-format makes one word of `for unsafe program`.
        let (programs, maps) = unsafe (programs, maps)
        for index in unsafe programs.indices {
            let program = unsafe programs[index]
            guard unsafe bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC else { continue }
            let (name, section) = unsafe (String(cString: bpf_program__name(program)), String(cString: bpf_program__section_name(program)))
            guard let convention = SectionConvention(section: section) else {
                notes.append("program \(name): what kind it is cannot be told by its section \(section)")
                continue
            }
            unsafe bpf_program__set_type(program, bpf_prog_type(convention.type.rawValue))
            unsafe bpf_program__set_expected_attach_type(program, bpf_attach_type(convention.attachType))
            typedByConvention.insert(name)
            notes.append("program \(name): taken for \(convention.type) by its section \(section)")
        }
        for index in unsafe maps.indices {
            let map = unsafe maps[index]
            let type = unsafe MapType(rawValue: bpf_map__type(map).rawValue)
            guard type == .ringBuffer || type == .userRingBuffer else { continue }
            let (key, value) = unsafe (bpf_map__key_size(map), bpf_map__value_size(map))
            guard key != 0 || value != 0 else { continue }
            // The kernel makes no ring buffer whose records have a size of their own (ringbuf_map_alloc, kernel/bpf/ringbuf.c); objects
            // declare it to say what the records are.
            unsafe bpf_map__set_key_size(map, 0)
            unsafe bpf_map__set_value_size(map, 0)
            notes.append(
                unsafe "map \(String(cString: bpf_map__name(map))): key size \(key) and value size \(value) of the ring buffer set to 0")
        }
    }

    /// What the programs are licensed under, which decides which helpers they may call; empty if the object does not say it.
    var license: String {
        guard let file = try? ELFObject(source.bytes), let section = file.section("license") else { return "" }
        return String(decoding: section.content.bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
