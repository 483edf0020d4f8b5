/// A named set of addresses and prefixes of either family, which rules refer to as `set:NAME`.
public struct AddressSet: Hashable, Sendable {
    /// The name, unique among sets.
    public var name: String
    /// Labels, for people and selections.
    public var labels: [String: String]
    /// The entries that stand in the document.
    public var addresses: [CIDR]
    /// The names of other sets whose entries are in this one as well.
    public var sets: [String]
    /// The list files the document names, as it names them.
    public var files: [String]
    /// The entries read from the list files.
    public var fileEntries: [CIDR]
    /// The entries added at run time, which are in no document.
    public var runtimeEntries: [CIDR]
    /// Where the document begins.
    public var location: SourceLocation

    public init(
        name: String, labels: [String: String] = [:], addresses: [CIDR] = [], sets: [String] = [],
        files: [String] = [], fileEntries: [CIDR] = [], runtimeEntries: [CIDR] = [], location: SourceLocation = .none
    ) {
        self.name = name
        self.labels = labels
        self.addresses = addresses
        self.sets = sets
        self.files = files
        self.fileEntries = fileEntries
        self.runtimeEntries = runtimeEntries
        self.location = location
    }

    /// The set's own entries, from wherever they come, without those of the sets in it (`PolicySet.entries(of:)` has these as well).
    ///
    /// Duplicates and nested prefixes are among them.
    public var entries: [CIDR] { addresses + fileEntries + runtimeEntries }

    /// The number of `entries`.
    public var count: Int { addresses.count + fileEntries.count + runtimeEntries.count }

    /// Whether one of the set's own entries holds the address.
    public func contains(_ address: IPAddress) -> Bool {
        addresses.contains { $0.contains(address) } || fileEntries.contains { $0.contains(address) }
            || runtimeEntries.contains { $0.contains(address) }
    }
}
