@_spi(Reflection) import Swift

/// The layout of a Swift or imported C type, to be held against what an object's BTF says about the same memory.
struct TypeLayout: Sendable {
    /// The type's name in Swift.
    let name: String
    /// Its size in bytes, without what the stride adds.
    let size: Int
    let shape: Shape

    /// What lies in a type's bytes.
    indirect enum Shape: Sendable {
        case integer(isSigned: Bool)
        case boolean
        case float
        case pointer
        /// An enum of Swift's, which may hold nothing but its cases.
        case cases
        /// A struct or a tuple of different types.
        case fields([Field])
        /// A tuple of equal types, as C's arrays are imported, or an `InlineArray`.
        case array(of: TypeLayout, count: Int)
        /// Bytes reflection does not look into: imported unions.
        case opaque
    }

    struct Field: Sendable {
        var name: String
        var offset: Int
        var layout: TypeLayout
    }

    /// The layout of a type, by what the runtime knows of it.
    init<T: BitwiseCopyable>(_ type: T.Type) {
        self.init(asking: T.self)
    }

    private init<T>(asking type: T.Type) {
        // The kind of a type is told to whoever walks the fields of one that holds it.
        var found: TypeLayout?
        unsafe _forEachField(of: Box<T>.self) { _, _, type, kind in
            found = TypeLayout(type, kind)
            return false
        }
        self = found ?? TypeLayout(name: "\(T.self)", size: MemoryLayout<T>.size, shape: .opaque)
    }

    private struct Box<T> {
        var value: T
    }

    private init(name: String, size: Int, shape: Shape) {
        self.name = name
        self.size = size
        self.shape = shape
    }

    private init(_ type: Any.Type, _ kind: _MetadataKind) {
        func size<T>(_: T.Type) -> Int { MemoryLayout<T>.size }
        let (name, size) = ("\(type)", _openExistential(type, do: size))
        if let scalar = Self.scalars[ObjectIdentifier(type)] {
            self.init(name: name, size: size, shape: scalar)
            return
        }
        if let array = type as? any InlineElements.Type {
            func layout<T>(_ type: T.Type) -> TypeLayout { TypeLayout(asking: type) }
            self.init(
                name: name, size: size, shape: .array(of: _openExistential(array.elementType, do: layout), count: array.elementCount))
            return
        }
        switch kind {
        case .struct, .tuple:
            var fields: [Field] = []
            var types: Set<ObjectIdentifier> = []
            let isKnown = unsafe _forEachField(of: type) { label, offset, type, kind in
                // Some fields have no type that could be asked.
                if kind == .unknown { return false }
                types.insert(ObjectIdentifier(type))
                // Arrays have thousands of elements, of which one tells all: only the first of equal ones is looked into.
                let isRepeated = types.count == 1 && fields.count > 0
                let layout = isRepeated ? fields[0].layout : TypeLayout(type, kind)
                fields.append(Field(name: unsafe String(cString: label), offset: offset, layout: layout))
                return true
            }
            if isKnown, kind == .tuple, types.count == 1, let first = fields.first {
                self.init(name: name, size: size, shape: .array(of: first.layout, count: fields.count))
            } else if isKnown, !fields.isEmpty {
                self.init(name: name, size: size, shape: .fields(fields))
            } else {
                self.init(name: name, size: size, shape: .opaque)
            }
        case .enum: self.init(name: name, size: size, shape: .cases)
        // Of optional types only pointers have a layout C knows.
        case .optional: self.init(name: name, size: size, shape: name.contains("Pointer") ? .pointer : .cases)
        default: self.init(name: name, size: size, shape: .opaque)
        }
    }

    private static let scalars: [ObjectIdentifier: Shape] = {
        let integers: [any FixedWidthInteger.Type] = [
            UInt8.self, Int8.self, UInt16.self, Int16.self, UInt32.self, Int32.self, UInt64.self, Int64.self, UInt.self, Int.self,
            UInt128.self, Int128.self,
        ]
        var scalars: [ObjectIdentifier: Shape] = [:]
        for type in integers { scalars[ObjectIdentifier(type)] = .integer(isSigned: type.isSigned) }
        for type in [Float.self, Double.self] as [Any.Type] { scalars[ObjectIdentifier(type)] = .float }
        scalars[ObjectIdentifier(Bool.self)] = .boolean
        for type in unsafe [UnsafeRawPointer.self, UnsafeMutableRawPointer.self, OpaquePointer.self] as [Any.Type] {
            scalars[ObjectIdentifier(type)] = .pointer
        }
        return scalars
    }()

    /// Whether these are nothing but bytes in a row.
    var isBytes: Bool {
        switch shape {
        case .array(let element, _): element.isBytes || element.size == 1 && element.isInteger
        case .opaque: true
        default: false
        }
    }

    var isInteger: Bool { if case .integer = shape { true } else { false } }
}

/// An array whose elements lie in the value itself. The runtime tells how large it is, and nothing of what is in it.
private protocol InlineElements {
    static var elementType: Any.Type { get }
    static var elementCount: Int { get }
}

extension InlineArray: InlineElements {
    static var elementType: Any.Type { Element.self }
    static var elementCount: Int { count }
}
