/// Two layouts of the same memory side by side: offset, size, type and name of every field, with a mark where sizes or signs differ.
///
///     offset size struct bt_key     | offset size Turned
///          0    4 __u32 address     |      0    2 UInt16 port      <
///                                   |      2    2 UInt16 number    <
struct LayoutTable: CustomStringConvertible {
    private var declared: [Row]
    private var given: [Row]
    private let title: (String, String)

    private struct Row: Equatable {
        var offset: Int
        var size: String
        var text: String
        /// Of numbers, where it matters.
        var isSigned: Bool?
    }

    /// Enough for people; what differs in longer ones is said in words before.
    private static let mostRows = 60

    init(_ layout: TypeLayout, _ type: TypeDescription) {
        title = ("\(type)", layout.name)
        declared = []
        given = []
        list(type, at: 0, name: "")
        list(layout, at: 0, name: "")
    }

    var rowCount: Int { max(declared.count, given.count) }

    private mutating func list(_ type: TypeDescription, at offset: Int, name: String) {
        if case .structure(let composite) = type.resolved, !composite.fields.isEmpty {
            for field in composite.flattened {
                let inner = name.isEmpty ? field.name : "\(name).\(field.name)"
                if let width = field.bitWidth {
                    declared.append(
                        Row(offset: offset + field.byteOffset, size: "\(width)b", text: "\(field.type) \(inner)"))
                } else {
                    list(field.type, at: offset + field.byteOffset, name: inner)
                }
            }
        } else {
            let text = name.isEmpty ? "\(type)" : "\(type) \(name)"
            declared.append(Row(offset: offset, size: "\(type.byteCount ?? 0)", text: text, isSigned: type.isSigned))
        }
    }

    private mutating func list(_ layout: TypeLayout, at offset: Int, name: String) {
        if case .fields(let fields) = layout.shape, !(fields.count == 1 && fields[0].name == "rawValue") {
            for field in fields {
                list(field.layout, at: offset + field.offset, name: name.isEmpty ? field.name : "\(name).\(field.name)")
            }
        } else {
            let text = name.isEmpty ? layout.label : "\(layout.label) \(name)"
            given.append(Row(offset: offset, size: "\(layout.size)", text: text, isSigned: layout.isSigned))
        }
    }

    var description: String {
        var lines: [(left: Row?, right: Row?)] = []
        var (left, right) = (declared[...], given[...])
        while let next = [left.first?.offset, right.first?.offset].compactMap({ $0 }).min(), lines.count < Self.mostRows {
            lines.append((left.first?.offset == next ? left.removeFirst() : nil, right.first?.offset == next ? right.removeFirst() : nil))
        }
        let width = min(60, max(title.0.count, declared.map(\.text.count).max() ?? 0))
        var text = "    offset size \(Self.pad(title.0, width)) | offset size \(title.1)"
        for (left, right) in lines {
            let differsInSign = if let own = left?.isSigned, let other = right?.isSigned { own != other } else { false }
            let differs = left?.size != right?.size || differsInSign
            text += "\n    \(Self.cells(left, width)) | \(Self.cells(right, 0))\(differs ? "  <" : "")"
        }
        let hidden = left.count + right.count
        return hidden > 0 ? text + "\n    … and \(hidden) more" : text
    }

    private static func cells(_ row: Row?, _ width: Int) -> String {
        guard let row else { return String(repeating: " ", count: 12 + width) }
        return "\(padLeft("\(row.offset)", 6)) \(padLeft(row.size, 4)) \(pad(row.text, width))"
    }

    private static func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    private static func padLeft(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension TypeLayout {
    /// The type's name, in short for the tuples C's arrays are imported as.
    fileprivate var label: String {
        if case .array(let element, let count) = shape { "\(element.label)[\(count)]" } else { name }
    }

    /// Whether it is a signed number or an array of such; nothing if that does not matter.
    fileprivate var isSigned: Bool? {
        switch shape {
        case .integer(let isSigned): isSigned
        case .array(let element, _): isBytes ? nil : element.isSigned
        case .fields(let fields) where fields.count == 1: fields[0].layout.isSigned
        default: nil
        }
    }
}

extension TypeDescription {
    /// Whether it is a signed number or an array of such; nothing if that does not matter.
    fileprivate var isSigned: Bool? {
        switch resolved {
        case .integer(let integer): integer.isBoolean || integer.isCharacter ? nil : integer.isSigned
        case .array(let element, _): element.isSigned
        default: nil
        }
    }
}
