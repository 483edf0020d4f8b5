import PolicyAPI
import PolicyCompiler
import PolicyModel

/// A revision as the state folder keeps it: enough to put it in force again after a restart or a reboot.
struct StoredRevision: Codable, Sendable {
    /// The revision's number; packets and events carry it.
    var number: UInt32
    var created: Timestamp
    /// The request that made it, for people.
    var origin: String
    var documents: [StoredDocument]
    /// Entries added at run time, by set.
    var runtimeEntries: [String: [RuntimeEntry]]
    /// The numbers the kernel's counters and events know the rules by.
    var ruleNumbers: RuleNumbers
}

/// A document's text, and where the contents of its list files are kept.
struct StoredDocument: Codable, Sendable {
    var source: SourceFile
    /// The names of files in the state folder's `lists`, by the path the document knows the list by.
    var lists: [String: String]
}

/// An entry of an address set that was added at run time.
struct RuntimeEntry: Codable, Sendable, Hashable {
    var address: CIDR
    /// When it goes by itself; nil if it stays.
    var expires: Timestamp?
}
