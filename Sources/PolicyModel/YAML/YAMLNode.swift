/// A node of a YAML document, with the place it stands at.
///
/// Scalars stay text: what a number or a name is, the field that is read decides, so that neither
/// `no` becomes false nor `1e3` a port.
package struct YAMLNode: Sendable {
    /// What a node is.
    package enum Content: Sendable {
        /// Text; `isPlain` if it stands there without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLPair])
    }

    /// What the node is.
    package var content: Content
    /// Where it begins, from 1.
    package var line: Int
    /// Where it begins, from 1, in Unicode scalars.
    package var column: Int
    /// The number of nodes it stands for when every alias is written out.
    var weight: Int
    /// The number of levels below it; 0 for a scalar.
    var height: Int

    init(_ content: Content, line: Int, column: Int, weight: Int = 1, height: Int = 0) {
        self.content = content
        self.line = line
        self.column = column
        self.weight = weight
        self.height = height
    }

    /// Whether there is nothing: no text, `~` or `null`, without quotes.
    package var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
    }

    /// What the node is, in words for messages.
    package var kindInWords: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A key of a mapping and its value.
package struct YAMLPair: Sendable {
    package var key: YAMLNode
    package var value: YAMLNode
}

/// A document of a YAML stream.
package struct YAMLDocument: Sendable {
    /// What is in it.
    package var root: YAMLNode
    /// The first line that belongs to it, from 1: that of its `---`, or the first of the file.
    package var firstLine: Int
}
