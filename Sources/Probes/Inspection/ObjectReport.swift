/// What an eBPF object file holds, and what would keep it out of this host's kernel.
///
/// It is the same for `policyctl probe inspect` and for the daemon, which has each object of a user's looked at by another process first.
public struct ObjectReport: Codable, Sendable, Hashable {
    /// The object's name: its file's up to the first dot, or what it was given as.
    public var name: String
    /// The file's size.
    public var bytes: Int
    /// What its programs are licensed under; empty if it does not say.
    public var license: String
    public var programs: [ProgramReport]
    public var maps: [MapReport]
    public var globals: [GlobalReport]
    /// The named structs, unions and enumerations of its BTF.
    public var types: [TypeReport]
    /// What was set because the object leaves it open, or sets what the kernel does not take.
    public var notes: [String]
    /// What this host would refuse, and why; empty if nothing is known against it.
    public var refusals: [Refusal]

    public init(
        name: String, bytes: Int, license: String, programs: [ProgramReport], maps: [MapReport], globals: [GlobalReport],
        types: [TypeReport], notes: [String], refusals: [Refusal]
    ) {
        self.name = name
        self.bytes = bytes
        self.license = license
        self.programs = programs
        self.maps = maps
        self.globals = globals
        self.types = types
        self.notes = notes
        self.refusals = refusals
    }

    /// Whether anything of it could be loaded here, as far as is known: there is a program that would not be refused.
    public var isLoadable: Bool {
        let refused = Set(refusals.map(\.subject))
        return !refused.contains("object \(name)") && programs.contains { !refused.contains("program \($0.name)") }
    }
}

/// A program of an object.
public struct ProgramReport: Codable, Sendable, Hashable {
    /// The C function's name.
    public var name: String
    /// The section it lies in, without a leading `?`.
    public var section: String
    /// Its kind by libbpf's name: `kprobe`, `sched_cls`; `unspec` if it cannot be told.
    public var type: String
    /// Whether the kind was told by what others call such sections, since libbpf does not know it.
    public var isTypedByConvention: Bool
    /// What its section says it is attached to: `kprobe:do_unlinkat`; nothing if the section does not say it.
    public var attach: String?
    /// Whether it is loaded unless somebody says otherwise; false for sections that begin with `?`.
    public var isLoadedByDefault: Bool
    /// Its length in eBPF instructions, as compiled.
    public var instructions: Int
    /// The helpers it calls: `map_lookup_elem`.
    public var helpers: [String]
    /// The kernel functions it calls that are no helpers.
    public var kernelFunctions: [String]
    /// The maps it uses, without those of global variables.
    public var maps: [String]
    /// What it reads of the kernel's types: `struct task_struct.tgid`.
    public var kernelTypes: [String]

    public init(
        name: String, section: String, type: String, isTypedByConvention: Bool, attach: String?, isLoadedByDefault: Bool,
        instructions: Int, helpers: [String], kernelFunctions: [String], maps: [String], kernelTypes: [String]
    ) {
        self.name = name
        self.section = section
        self.type = type
        self.isTypedByConvention = isTypedByConvention
        self.attach = attach
        self.isLoadedByDefault = isLoadedByDefault
        self.instructions = instructions
        self.helpers = helpers
        self.kernelFunctions = kernelFunctions
        self.maps = maps
        self.kernelTypes = kernelTypes
    }
}

/// A map of an object, those of global variables left out.
public struct MapReport: Codable, Sendable, Hashable {
    public var name: String
    /// Its kind by libbpf's name: `hash`, `ringbuf`.
    public var type: String
    /// In bytes.
    public var keySize: Int
    /// In bytes.
    public var valueSize: Int
    /// The most entries; for ring buffers their size in bytes.
    public var maxEntries: Int
    /// The kernel's `BPF_F_…` bits.
    public var flags: UInt32
    /// Where a load pins it, if the object says so.
    public var pin: String?

    public init(name: String, type: String, keySize: Int, valueSize: Int, maxEntries: Int, flags: UInt32, pin: String?) {
        self.name = name
        self.type = type
        self.keySize = keySize
        self.valueSize = valueSize
        self.maxEntries = maxEntries
        self.flags = flags
        self.pin = pin
    }
}

/// A global variable of an object.
public struct GlobalReport: Codable, Sendable, Hashable {
    public var name: String
    /// `.data`, `.bss`, `.rodata` or one of these with something behind.
    public var section: String
    /// Its C type as far as it has a name.
    public var type: String
    /// In bytes.
    public var size: Int
    /// Whether it is fixed from the load on.
    public var isConstant: Bool

    public init(name: String, section: String, type: String, size: Int, isConstant: Bool) {
        self.name = name
        self.section = section
        self.type = type
        self.size = size
        self.isConstant = isConstant
    }
}

/// A named type of an object's BTF.
public struct TypeReport: Codable, Sendable, Hashable {
    /// As C spells it: `struct event`.
    public var name: String
    /// In bytes.
    public var size: Int
    /// The fields of a struct or union in their order.
    public var fields: [FieldReport]
    /// The values of an enumeration in their order.
    public var values: [EnumValueReport]

    public init(name: String, size: Int, fields: [FieldReport], values: [EnumValueReport]) {
        self.name = name
        self.size = size
        self.fields = fields
        self.values = values
    }
}

/// A field of a struct or union.
public struct FieldReport: Codable, Sendable, Hashable {
    /// Empty for a struct or union whose fields count as the outer one's.
    public var name: String
    /// As C spells it.
    public var type: String
    /// Where it begins, in bits.
    public var bitOffset: Int
    /// How many bits a bit-field has; nothing for other fields.
    public var bitWidth: Int?

    public init(name: String, type: String, bitOffset: Int, bitWidth: Int?) {
        self.name = name
        self.type = type
        self.bitOffset = bitOffset
        self.bitWidth = bitWidth
    }
}

/// A value of an enumeration.
public struct EnumValueReport: Codable, Sendable, Hashable {
    public var name: String
    /// Unsigned values above `Int64.max` by their bits.
    public var value: Int64

    public init(name: String, value: Int64) {
        self.name = name
        self.value = value
    }
}

/// Something that keeps an object, or a part of it, out of a kernel.
public struct Refusal: Codable, Sendable, Hashable {
    /// What would be refused: `program on_open`, `map events`, `object filter`.
    public var subject: String
    /// Why, as a sentence about it.
    public var reason: String

    public init(subject: String, reason: String) {
        self.subject = subject
        self.reason = reason
    }
}
