/// A C type as BTF describes it.
///
/// What lies inside a value is described to its end: fields of fields, elements of arrays. What a value only points to is told by name, for
/// types of the kernel point to each other in circles. Qualifiers (`const`, `volatile`, `restrict`) are left out.
///
///     let types = try OpenObject(.file("opens.o")).types
///     if case .structure(let record) = try types.type(named: "struct file_open") {
///         for field in record.fields { print(field.name, field.type, field.bitOffset / 8) }
///     }
public indirect enum TypeDescription: Sendable, Hashable {
    /// No type: what a `void *` points to.
    case void
    /// A whole number, a `bool` or a `char`.
    case integer(IntegerDescription)
    /// A floating-point number of a size in bytes.
    case float(name: String, byteCount: Int)
    /// An address of something.
    case pointer(to: TypeReference)
    /// So many elements one after the other; 0 for an array without a size at the end of a struct.
    case array(of: TypeDescription, count: Int)
    /// A struct.
    case structure(CompositeDescription)
    /// A union.
    case union(CompositeDescription)
    /// An enum.
    case enumeration(EnumerationDescription)
    /// Another name for a type, by `typedef`.
    case alias(String, of: TypeDescription)
    /// A function, or the prototype a pointer points to. It has no size.
    case function(name: String)
    /// A struct or union that is named and nowhere defined. It has no size.
    case incomplete(name: String)
}

/// A whole number as BTF describes it.
public struct IntegerDescription: Sendable, Hashable {
    /// The name in C: `unsigned int`.
    public var name: String
    /// Its size in bytes.
    public var byteCount: Int
    /// Whether it may be negative. Compilers call `char` signed.
    public var isSigned: Bool
    /// Whether it is a truth value, C's `_Bool`.
    public var isBoolean: Bool

    /// A number of the given name and kind.
    public init(name: String, byteCount: Int, isSigned: Bool, isBoolean: Bool = false) {
        self.name = name
        self.byteCount = byteCount
        self.isSigned = isSigned
        self.isBoolean = isBoolean
    }

    /// Whether it is C's plain `char`, whose arrays are text.
    public var isCharacter: Bool { name == "char" && byteCount == 1 }
}

/// A struct or union as BTF describes it.
public struct CompositeDescription: Sendable, Hashable {
    /// The tag, without `struct` or `union`; empty if it has none.
    public var name: String
    /// Its size in bytes, with padding.
    public var byteCount: Int
    /// Its fields in the order of the declaration.
    public var fields: [FieldDescription]

    /// A struct or union of the given fields.
    public init(name: String, byteCount: Int, fields: [FieldDescription]) {
        self.name = name
        self.byteCount = byteCount
        self.fields = fields
    }
}

/// A field of a struct or union.
public struct FieldDescription: Sendable, Hashable {
    /// The field's name; empty for a struct or union whose fields count as the outer one's, and for unnamed bit-fields.
    public var name: String
    /// Its type; for a bit-field the type it was declared with.
    public var type: TypeDescription
    /// Where it begins, in bits from the beginning of the struct.
    public var bitOffset: Int
    /// How many bits a bit-field has; nothing for other fields.
    public var bitWidth: Int?
    /// What `__attribute__((btf_decl_tag("…")))` says about it, in the order of the declaration.
    public var tags: [String]

    /// A field at a place.
    public init(name: String, type: TypeDescription, bitOffset: Int, bitWidth: Int? = nil, tags: [String] = []) {
        self.name = name
        self.type = type
        self.bitOffset = bitOffset
        self.bitWidth = bitWidth
        self.tags = tags
    }

    /// Where it begins in bytes; for a bit-field where the byte with its first bit lies.
    public var byteOffset: Int { bitOffset / 8 }
}

/// An enum as BTF describes it.
public struct EnumerationDescription: Sendable, Hashable {
    /// The tag; empty if it has none.
    public var name: String
    /// The size of a value in bytes.
    public var byteCount: Int
    /// Whether values may be negative.
    public var isSigned: Bool
    /// Its values in the order of the declaration.
    public var values: [Value]

    /// One of the names an enum declares. Unsigned values above `Int64.max` are kept by their bits.
    public struct Value: Sendable, Hashable {
        public var name: String
        public var value: Int64

        public init(name: String, value: Int64) {
            self.name = name
            self.value = value
        }
    }

    /// An enum of the given values.
    public init(name: String, byteCount: Int, isSigned: Bool, values: [Value]) {
        self.name = name
        self.byteCount = byteCount
        self.isSigned = isSigned
        self.values = values
    }
}

/// A type by its number and name, to be looked up where it is wanted.
public struct TypeReference: Sendable, Hashable {
    /// The type's number in its BTF, 0 for `void`.
    public var id: UInt32
    /// How C spells it: `struct task_struct`.
    public var name: String

    public init(id: UInt32, name: String) {
        self.id = id
        self.name = name
    }
}
