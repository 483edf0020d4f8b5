internal import BPF
internal import CDatapath
internal import PolicyCompiler

/// One generation: a policy's tables in memory-mapped maps, and the program that was loaded for them.
final class TableMaps: Sendable {
    let program: Program
    /// What the object is known again by that the program was loaded from.
    let build: UInt64
    let header: MappedArray<pd_header>
    private let cells: MappedArray<pd_cell>
    private let classes: MappedArray<pd_class>
    private let chunks: MappedArray<pd_chunk>
    private let rules: MappedArray<pd_rule>
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

    /// How many entries each map has. Sizes are rounded up, so that most changes of a policy fit into the maps that are there.
    struct Capacity: Hashable {
        var cells: Int
        var classes: Int
        var chunks: Int
        var rules: Int

        init(holding policy: CompiledPolicy) {
            cells = Self.round(policy.cells.count / 2)
            classes = Self.round(policy.classes.count)
            chunks = Self.round(policy.chunks.count / 65)
            rules = Self.round(policy.rules.count)
        }

        fileprivate init(cells: Int, classes: Int, chunks: Int, rules: Int) {
            self.cells = cells
            self.classes = classes
            self.chunks = chunks
            self.rules = rules
        }

        private static func round(_ count: Int) -> Int {
            var size = 64
            while size < count { size *= 2 }
            // Powers of two, and for large tables, which are most of the memory, quarters between.
            guard size > 65_536 else { return size }
            let quarter = size / 8
            return (count + quarter - 1) / quarter * quarter
        }

        /// Whether a policy of capacity `other` may use maps of this one: they are large enough, and not wastefully large.
        func serves(_ other: Capacity) -> Bool {
            func serves(_ have: Int, _ want: Int) -> Bool { have >= want && have <= max(want * 8, 1024) }
            return serves(cells, other.cells) && serves(classes, other.classes) && serves(chunks, other.chunks)
                && serves(rules, other.rules)
        }
    }

    /// Loads a program with tables of its own.
    ///
    /// - Parameter edit: what else is to be set in the object before it is loaded.
    init(
        loading embedded: EmbeddedObject, capacity: Capacity, hasLoop: Bool, edit: (inout OpenObject) throws(BPFError) -> Void
    ) throws(BPFError) {
        var object = try OpenObject(embedded)
        try object.setMaxEntries(capacity.cells, ofMap: Name.cells)
        try object.setMaxEntries(capacity.classes, ofMap: Name.classes)
        try object.setMaxEntries(capacity.chunks, ofMap: Name.chunks)
        try object.setMaxEntries(capacity.rules, ofMap: Name.rules)
        try object.setGlobal("has_loop", to: UInt8(hasLoop ? 1 : 0))
        try edit(&object)
        let loaded = try object.load()
        program = try loaded.program(Name.program)
        build = embedded.digest
        header = try loaded.mappedArray(Name.header)
        cells = try loaded.mappedArray(Name.cells)
        classes = try loaded.mappedArray(Name.classes)
        chunks = try loaded.mappedArray(Name.chunks)
        rules = try loaded.mappedArray(Name.rules)
        interfaces = try loaded.map(Name.interfaces, key: UInt32.self, value: pd_interface.self)
    }

    /// Opens the generation pinned in a folder.
    init(pinnedIn folder: String) throws(BPFError) {
        program = try Program(pinnedAt: "\(folder)/\(Name.program)")
        header = try MappedArray(pinnedAt: "\(folder)/\(Name.header)")
        build = header[0].build
        cells = try MappedArray(pinnedAt: "\(folder)/\(Name.cells)")
        classes = try MappedArray(pinnedAt: "\(folder)/\(Name.classes)")
        chunks = try MappedArray(pinnedAt: "\(folder)/\(Name.chunks)")
        rules = try MappedArray(pinnedAt: "\(folder)/\(Name.rules)")
        interfaces = try Map(pinnedAt: "\(folder)/\(Name.interfaces)")
    }

    func pin(in folder: String) throws(BPFError) {
        try program.pin(at: "\(folder)/\(Name.program)")
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
    func fill(_ policy: CompiledPolicy, timeouts: pd_timeouts, eventInterval: UInt64) throws(BPFError) {
        try unsafe cells.copy(policy.cells.span.bytes)
        try unsafe chunks.copy(policy.chunks.span.bytes)
        try unsafe classes.copy(policy.classes.span.bytes)
        try unsafe rules.copy(policy.rules.span.bytes)
        var head = policy.header
        head.build = build
        head.timeouts = timeouts
        head.event_interval = eventInterval
        head.wall_offset = UInt64(bitPattern: WallClock.offset)
        header[0] = head
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
