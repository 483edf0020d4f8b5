internal import BPF
internal import CDatapath
internal import PolicyCompiler

/// One generation: a policy's tables in memory-mapped maps, and the program that was loaded for them.
final class TableMaps: Sendable {
    let program: Program
    /// What the object is known again by that the program was loaded from.
    let build: UInt64
    let header: MappedArray<pd_header>
    private let cells: WindowedArray<pd_cell>
    private let classes: WindowedArray<pd_class>
    private let chunks: WindowedArray<pd_chunk>
    private let rules: WindowedArray<pd_rule>
    private let interfaces: Map<UInt32, pd_interface>

    private enum Name {
        static let header = "policyd_header"
        static let cells = "policyd_cells"
        static let classes = "policyd_classes"
        static let chunks = "policyd_chunks"
        static let rules = "policyd_rules"
        static let interfaces = "policyd_ifaces"
        static let program = "policyd_judge"
    }

    /// How many entries each map has.
    struct Capacity: Hashable {
        var cells: Int
        var classes: Int
        var chunks: Int
        var rules: Int

        /// As many as a policy needs.
        init(holding policy: CompiledPolicy) {
            cells = policy.cellWords / 2
            classes = policy.classes.count
            chunks = policy.chunks.count / 65
            rules = policy.rules.count
        }

        fileprivate init(cells: Int, classes: Int, chunks: Int, rules: Int) {
            self.cells = cells
            self.classes = classes
            self.chunks = chunks
            self.rules = rules
        }

        /// What a host's own policy of some thousand rules needs: less than a megabyte, and never too much.
        static let usual = Capacity(cells: 65_536, classes: 2_048, chunks: 64, rules: 2_048)

        /// With room for changes.
        var withRoom: Capacity {
            Capacity(cells: Self.round(cells), classes: Self.round(classes), chunks: Self.round(chunks), rules: Self.round(rules))
        }

        private static func round(_ count: Int) -> Int {
            var size = 64
            while size < count { size *= 2 }
            // Powers of two, and for large tables, which are most of the memory, eighths of them, with a part of one to grow into.
            guard size > 65_536 else { return size }
            let eighth = size / 16
            return (count + count / 64 + eighth - 1) / eighth * eighth
        }

        /// Whether a policy that needs `other` may use maps of this one: they are large enough, and not wastefully large.
        func serves(_ other: Capacity) -> Bool {
            func serves(_ kind: KeyPath<Capacity, Int>) -> Bool {
                let (have, want) = (self[keyPath: kind], other[keyPath: kind])
                return have >= want && have <= max(Self.round(want) * 8, Self.usual[keyPath: kind])
            }
            return serves(\.cells) && serves(\.classes) && serves(\.chunks) && serves(\.rules)
        }
    }

    /// Opens an object for tables of its own.
    ///
    /// - Parameter edit: what else is to be set in the object before it is loaded.
    static func open(
        _ embedded: EmbeddedObject, capacity needed: Capacity, hasLoop: Bool, edit: (inout OpenObject) throws(BPFError) -> Void
    ) throws(BPFError) -> OpenObject {
        var object = try OpenObject(embedded)
        let capacity = needed.withRoom
        try object.setMaxEntries(capacity.cells, ofMap: Name.cells)
        try object.setMaxEntries(capacity.classes, ofMap: Name.classes)
        try object.setMaxEntries(capacity.chunks, ofMap: Name.chunks)
        try object.setMaxEntries(capacity.rules, ofMap: Name.rules)
        try object.setGlobal("has_loop", to: UInt8(hasLoop ? 1 : 0))
        try edit(&object)
        return object
    }

    /// Loads an object that was opened; what takes its time is the kernel's verifier.
    ///
    /// - Parameter build: What the object is known again by.
    init(loading object: consuming OpenObject, build: UInt64) throws(BPFError) {
        let loaded = try object.load()
        program = try loaded.program(Name.program)
        self.build = build
        header = try loaded.mappedArray(Name.header)
        cells = try loaded.windowedArray(Name.cells)
        classes = try loaded.windowedArray(Name.classes)
        chunks = try loaded.windowedArray(Name.chunks)
        rules = try loaded.windowedArray(Name.rules)
        interfaces = try loaded.map(Name.interfaces, key: UInt32.self, value: pd_interface.self)
    }

    /// Loads a program with tables of its own.
    convenience init(
        loading embedded: EmbeddedObject, capacity: Capacity, hasLoop: Bool, edit: (inout OpenObject) throws(BPFError) -> Void
    ) throws(BPFError) {
        try self.init(loading: Self.open(embedded, capacity: capacity, hasLoop: hasLoop, edit: edit), build: embedded.digest)
    }

    /// Opens the generation pinned in a folder.
    init(pinnedIn folder: String) throws(BPFError) {
        program = try Program(pinnedAt: Self.programPin(in: folder))
        header = try MappedArray(pinnedAt: "\(folder)/\(Name.header)")
        build = header[0].build
        cells = try WindowedArray(pinnedAt: "\(folder)/\(Name.cells)")
        classes = try WindowedArray(pinnedAt: "\(folder)/\(Name.classes)")
        chunks = try WindowedArray(pinnedAt: "\(folder)/\(Name.chunks)")
        rules = try WindowedArray(pinnedAt: "\(folder)/\(Name.rules)")
        interfaces = try Map(pinnedAt: "\(folder)/\(Name.interfaces)")
    }

    /// Has a program object ask these tables.
    func lend(to object: inout OpenObject) throws(BPFError) {
        try object.reuse(header, asMap: Name.header)
        try object.reuse(cells, asMap: Name.cells)
        try object.reuse(classes, asMap: Name.classes)
        try object.reuse(chunks, asMap: Name.chunks)
        try object.reuse(rules, asMap: Name.rules)
        try object.reuse(interfaces, asMap: Name.interfaces)
    }

    /// Where the program of the generation in a folder is pinned.
    static func programPin(in folder: String) -> String { "\(folder)/\(Name.program)" }

    func pin(in folder: String) throws(BPFError) {
        try program.pin(at: Self.programPin(in: folder))
        try header.pin(at: "\(folder)/\(Name.header)")
        try cells.pin(at: "\(folder)/\(Name.cells)")
        try classes.pin(at: "\(folder)/\(Name.classes)")
        try chunks.pin(at: "\(folder)/\(Name.chunks)")
        try rules.pin(at: "\(folder)/\(Name.rules)")
        try interfaces.pin(at: "\(folder)/\(Name.interfaces)")
    }

    var capacity: Capacity {
        Capacity(cells: cells.count, classes: classes.count, chunks: chunks.count, rules: rules.count)
    }

    /// Bytes of the tables in the kernel.
    var bytes: Int {
        header.count * header.stride + cells.count * cells.stride + classes.count * classes.stride + chunks.count * chunks.stride
            + rules.count * rules.stride
    }

    /// The revision the tables hold.
    var revision: UInt32 { header[0].revision }

    /// Writes a policy. No packet may be judged by these tables while this goes on.
    ///
    /// - Parameter changes: What the tables lack of it; nil: everything.
    func fill(
        _ policy: CompiledPolicy, changes: TableChanges? = nil, timeouts: pd_timeouts, eventInterval: UInt64
    ) throws(BPFError) {
        if let changes {
            for run in changes.cells { try unsafe cells.copy(run.words.span.bytes, toByteOffset: run.start * MemoryLayout<UInt32>.stride) }
        } else {
            try unsafe cells.copy(policy.cells.span.bytes)
            try unsafe rules.copy(policy.rules.span.bytes)
        }
        let (firstClass, firstWord) = (changes?.firstClass ?? 0, changes?.firstChunkWord ?? 0)
        try unsafe chunks.copy(
            policy.chunks.span.extracting(firstWord...).bytes, toByteOffset: firstWord * MemoryLayout<UInt64>.stride)
        try unsafe classes.copy(policy.classes.span.extracting(firstClass...).bytes, toByteOffset: firstClass * classes.stride)
        var head = policy.header
        head.build = build
        head.timeouts = timeouts
        head.event_interval = eventInterval
        head.wall_offset = UInt64(bitPattern: WallClock.offset)
        header[0] = head
    }

    /// The words of the tries as they lie in the kernel.
    func cellWords(_ count: Int) throws(BPFError) -> [UInt32] {
        let bytes = try cells.bytes(0..<count * MemoryLayout<UInt32>.stride)
        return unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt32.self)) }
    }

    /// Says which classes the packets of each interface have, by index.
    func setInterfaces(_ wanted: [UInt32: pd_interface]) throws(BPFError) {
        for index in try interfaces.keys() where wanted[index] == nil { _ = try interfaces.removeValue(forKey: index) }
        for (index, entry) in wanted { try interfaces.set(entry, forKey: index) }
    }

    /// Says which classes the packets of one interface have, and leaves the others as they are.
    func setInterface(_ classes: pd_interface, index: UInt32) throws(BPFError) {
        try interfaces.set(classes, forKey: index)
    }
}
