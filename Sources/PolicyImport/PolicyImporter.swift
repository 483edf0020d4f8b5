internal import PolicyModel

/// A file to import, as it was read.
public struct ImportSource: Sendable {
    /// The name that messages show.
    public var path: String
    /// What is in it.
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    /// Reads a file of at most 64 MiB; `-` is standard input.
    public init(path: String) throws(ImportError) {
        do throws(FileProblem) {
            let bytes = try FileContents.read(path, limit: 64 << 20, remedy: "", standardInput: true)
            self.init(path: path == "-" ? "<stdin>" : path, bytes: bytes)
        } catch {
            throw ImportError(file: error.path, error.reason)
        }
    }

    /// The text, which has to be UTF-8.
    func text() throws(ImportError) -> String {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw ImportError(file: path, "is not text in UTF-8")
        }
        return text
    }
}

/// Makes policies of what other firewalls have.
///
/// Nothing is imported approximately: what a policy cannot say is left out and told.
///
/// ```swift
/// let rules = try ImportSource(path: "/etc/iptables/rules.v4")
/// let result = try PolicyImporter(.iptables).run([rules])
/// print(result.text)
/// ```
public struct PolicyImporter: Sendable {
    /// What can be imported.
    public enum Format: String, Hashable, Sendable, CaseIterable {
        /// The output of `iptables-save` and `ip6tables-save`.
        case iptables
        /// The output of `nft -j list ruleset`.
        case nft
        /// `user.rules` and `user6.rules` of ufw with the files beside them, or what `ufw show added` or `ufw status verbose` print.
        case ufw
        /// NetworkPolicy documents of Kubernetes.
        case kubernetes
    }

    /// What is imported.
    public var format: Format
    /// The name of the policy.
    public var name: String
    /// The output of `ipset save`, with the sets that iptables' rules match.
    public var ipset: ImportSource?

    public init(_ format: Format, name: String? = nil, ipset: ImportSource? = nil) {
        self.format = format
        self.name = name ?? format.rawValue
        self.ipset = ipset
    }

    /// Imports files that belong together.
    public func run(_ sources: [ImportSource]) throws(ImportError) -> ImportResult {
        switch format {
        case .iptables: try IPTablesImport.run(sources, ipset: ipset, name: name)
        case .nft: try NFTImport.run(sources, name: name)
        case .ufw: try UFWImport.run(sources, ipset: ipset, name: name)
        case .kubernetes: try KubernetesImport.run(sources, name: name)
        }
    }
}
