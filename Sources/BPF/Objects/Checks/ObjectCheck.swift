/// What is looked at in an object's bytes before libbpf opens them.
enum ObjectCheck {
    /// The most bytes an object may have. The kernel takes a million instructions a program, which are 8 MB; debug information is more.
    static let sizeLimit = 64 << 20

    /// Refuses in words what libbpf would refuse without, or stumble over.
    static func check(_ bytes: [UInt8]) throws(ObjectDefect) -> ELFObject {
        guard bytes.count <= sizeLimit else { throw ObjectDefect("it has \(bytes.count) bytes, and \(sizeLimit) are the most") }
        let file = try ELFObject(bytes)
        for section in file.sections where [".BTF", ".maps", "license", "version"].contains(section.name) {
            guard file.sections.count(where: { $0.name == section.name }) == 1 else {
                throw .corrupted("it has more than one section \(section.name)")
            }
        }
        // What compilers and libraries before libbpf 1.0 had.
        if let section = file.section("maps"), section.size > 0 {
            throw ObjectDefect(
                "its maps are declared the old way, by struct bpf_map_def in SEC(\"maps\"), which libbpf 1.0 gave up",
                remedy: "declare them in SEC(\".maps\") with __uint and __type")
        }
        let types = file.section(".BTF")
        if file.section(".maps") != nil, types == nil {
            throw ObjectDefect(
                "it declares maps and has no BTF, which says what they are", remedy: "compile it with -g, and do not strip it")
        }
        if let types { _ = try TypeInformation(types.content) }
        return file
    }
}
