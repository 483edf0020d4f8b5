internal import BPF
internal import BPFObjects

/// The objects that come with policyd, which documents name as `bundled:NAME`.
public enum BundledProbes {
    /// Their names.
    public static var names: [String] { objects.keys.sorted() }

    /// The bytes of an object; nil if there is none of this name.
    public static func object(_ name: String) -> [UInt8]? { objects[name]?.bytes }

    private static let objects = Dictionary(uniqueKeysWithValues: EmbeddedObject.bundledProbes.map { ($0.name, $0) })
}
