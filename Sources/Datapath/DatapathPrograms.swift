package import BPF
internal import BPFObjects

/// The objects that a datapath's programs come from. A daemon of another build has others, for the same tables.
package struct DatapathPrograms: Sendable {
    /// The programs at interfaces.
    let entry: EmbeddedObject
    /// The program of a generation.
    let policy: EmbeddedObject

    package init(entry: EmbeddedObject, policy: EmbeddedObject) {
        self.entry = entry
        self.policy = policy
    }

    /// Those this program was built with.
    package static let embedded = DatapathPrograms(entry: .entry, policy: .policy)

    /// What the entry programs are known again by beside the switch, where there is room for 32 bits; never 0.
    var entryBuild: UInt32 {
        let digest = entry.digest
        return max(1, UInt32(truncatingIfNeeded: digest ^ digest >> 32))
    }
}
