/// The text of a file of documents, wherever it came from.
public struct SourceFile: Hashable, Sendable, Codable {
    /// The name that messages show and that list files are relative to.
    public var path: String
    /// The text.
    public var text: String
    /// The line of the file that the text begins at, from 1: one document of many keeps its lines.
    public var firstLine: Int

    public init(path: String, text: String, firstLine: Int = 1) {
        self.path = path
        self.text = text
        self.firstLine = firstLine
    }
}

/// Documents' texts together with the list files they name: what a client sends and a daemon keeps.
public struct SourceBundle: Hashable, Sendable {
    /// The files of documents.
    public var files: [SourceFile]
    /// The contents of list files by resolved path, see `resolve(_:relativeTo:)`.
    public var lists: [String: [UInt8]]

    public init(files: [SourceFile] = [], lists: [String: [UInt8]] = [:]) {
        self.files = files
        self.lists = lists
    }

    /// The path of a list file that the document in `file` calls `name`: relative to the document's folder.
    public static func resolve(_ name: String, relativeTo file: String) -> String {
        guard !name.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return name }
        return "\(file[...slash])\(name)"
    }
}

extension SourceBundle: Codable {
    private enum CodingKeys: String, CodingKey {
        case files
        case lists
    }

    /// Reads a bundle; list files are text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        files = try container.decode([SourceFile].self, forKey: .files)
        lists = try container.decodeIfPresent([String: String].self, forKey: .lists)?.mapValues { Array($0.utf8) } ?? [:]
    }

    /// Writes a bundle; bytes of a list file that are not UTF-8 can stand only in comments, and are replaced.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(files, forKey: .files)
        try container.encode(lists.mapValues { String(decoding: $0, as: UTF8.self) }, forKey: .lists)
    }
}
