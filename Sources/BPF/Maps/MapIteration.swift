extension Map {
    /// Walks the entries in no order; ones that come or go meanwhile may be missed or seen twice.
    ///
    /// - Parameters:
    ///   - limit: The most keys to visit; without it as many as the map can hold, twice.
    ///   - body: Called with each entry; returning false ends the walk.
    public func forEachWhile(limit: Int? = nil, _ body: (Key, Value) -> Bool) throws(BPFError) {
        try checked.forEachKey(limit: limit) { (key: Key) throws(BPFError) in
            guard let value = try value(forKey: key) else { return true }
            return body(key, value)
        }
    }

    /// Walks all entries, as `forEachWhile`.
    public func forEach(limit: Int? = nil, _ body: (Key, Value) -> Void) throws(BPFError) {
        try forEachWhile(limit: limit) { key, value in
            body(key, value)
            return true
        }
    }

    /// How many entries there are. Walks the keys: costs a system call for each.
    public func count() throws(BPFError) -> Int {
        var count = 0
        try checked.forEachKey { (_: Key) in
            count += 1
            return true
        }
        return count
    }

    /// All keys, in no order.
    public func keys(limit: Int? = nil) throws(BPFError) -> [Key] { try checked.keys(limit: limit) }
}
