import CLibBPF
import Glibc

/// Maps that are taken from their pin, and made and pinned where there is none.
extension Map {
    /// The map pinned at a path or, where nothing is, a new one, pinned there.
    ///
    /// - Throws: `BPFError` of step `open pinned` that lists everything in which a pinned map differs: kind, sizes, entries, flags.
    public static func pinnedOrCreated(
        at path: String, _ type: MapType, name: String, maxEntries: Int, flags: MapFlags = []
    ) throws(BPFError) -> Map {
        let flags = type == .lpmTrie ? flags.union(.noPreallocation) : flags
        let shape = MapShape(
            type: type, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, maxEntries: maxEntries, flags: flags)
        return try BPF.pinnedOrCreated(at: path, shape) { () throws(BPFError) in
            try create(type, name: name, maxEntries: maxEntries, flags: flags)
        }
    }
}

extension PerCPUMap {
    /// The map pinned at a path or, where nothing is, a new one, pinned there.
    ///
    /// - Throws: `BPFError` of step `open pinned` that lists everything in which a pinned map differs: kind, sizes, entries, flags.
    public static func pinnedOrCreated(
        at path: String, _ type: MapType, name: String, maxEntries: Int, flags: MapFlags = []
    ) throws(BPFError) -> PerCPUMap {
        let shape = MapShape(
            type: type, keySize: MemoryLayout<Key>.size, valueSize: MemoryLayout<Value>.size, maxEntries: maxEntries, flags: flags)
        return try BPF.pinnedOrCreated(at: path, shape) { () throws(BPFError) in
            try create(type, name: name, maxEntries: maxEntries, flags: flags)
        }
    }
}

extension OpenObject {
    /// Has a map be the one pinned at a path: `load()` takes that one or, where nothing is pinned, makes the map and pins it there. If the
    /// load fails, a new pin goes again.
    ///
    /// A path replaces what the object itself declares (`LIBBPF_PIN_BY_NAME`, which pins below `/sys/fs/bpf`); without one the map is not
    /// pinned.
    ///
    /// - Throws: `BPFError` of step `open pinned` that lists everything in which the pinned map differs from what the object declares:
    ///   kind, sizes, entries, flags, and fields by BTF.
    ///
    /// The corresponding libbpf function is `bpf_map__set_pin_path`.
    public mutating func setPin(at path: String?, ofMap name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in
            let map = unsafe try handle.map(named: name, for: .edit)
            try captured(.edit, "map \(name)") { unsafe bpf_map__set_pin_path(map, path) }
            if path != nil { unsafe try handle.adoptPin(of: map) }
        }
    }
}

extension ObjectHandle {
    /// Takes over what is pinned where a map is to be, once it fits. libbpf would say no more than that it does not.
    func adoptPin(of map: OpaquePointer) throws(BPFError) {
        guard let path = unsafe bpf_map__pin_path(map) else { return }
        let place = unsafe String(cString: path)
        guard let pinned = try pinnedMap(at: place) else { return }
        unsafe try MapShape(map, of: self).check(pinned, at: place)
        // A descriptor of its own: libbpf duplicates it.
        try captured(.edit, "map \(unsafe String(cString: bpf_map__name(map)))") { unsafe bpf_map__reuse_fd(map, pinned.rawValue) }
        // Else libbpf opens the pin once more, and holds flags that the kernel set against it.
        try captured(.edit, "map at \(place)") { unsafe bpf_map__set_pin_path(map, nil) }
    }

    /// Takes over the pins of maps the object itself declares to be pinned.
    func adoptDeclaredPins() throws(BPFError) {
        let maps = unsafe maps
        // swift-format makes one word of `for unsafe map`.
        for position in unsafe maps.indices where unsafe bpf_map__pin_path(maps[position]) != nil {
            unsafe try adoptPin(of: maps[position])
        }
    }
}

/// The map pinned at a path, or nothing if nothing is.
private func pinnedMap(at path: String) throws(BPFError) -> Descriptor? {
    do throws(BPFError) { return try Descriptor(pinnedAt: path, .map, subject: "map") } catch {
        if error.errno == ENOENT { return nil }
        throw error
    }
}

extension MapShape {
    fileprivate func check(_ pinned: borrowing Descriptor, at path: String) throws(BPFError) {
        let subject = "map at \(path)"
        let found = differences(from: try MapShape(of: pinned.rawValue, subject: subject))
        if found.isEmpty { return }
        throw BPFError(
            .openPin, subject, reason: found.joined(separator: "; "),
            remedy: "change the declaration, or remove the pin, and with it what the map holds")
    }
}

private func pinnedOrCreated<M: MapHandle & ~Copyable>(
    at path: String, _ shape: MapShape, _ create: () throws(BPFError) -> M
) throws(BPFError) -> M {
    // Another may pin one between the look and our pin, or take it away again.
    for _ in 0..<4 {
        if let pinned = try pinnedMap(at: path) {
            try shape.check(pinned, at: path)
            return try M(adopting: pinned.release())
        }
        let made = try create()
        do throws(BPFError) {
            try made.pin(at: path)
            return made
        } catch {
            if error.errno != EEXIST { throw error }
        }
    }
    throw BPFError(.openPin, "map at \(path)", errno: EBUSY)
}
