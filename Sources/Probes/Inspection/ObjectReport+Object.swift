public import BPF

extension ObjectReport {
    /// What an opened object holds, the same on every machine; it is refused only what no kernel would take.
    ///
    /// - Parameter bytes: The size of the file it was opened from.
    /// - Throws: `BPFError` if its code or BTF cannot be read.
    public init(_ object: borrowing OpenObject, bytes: Int) throws(BPFError) {
        let programs = object.programs
        let needs = try object.needs()
        self.init(
            name: object.name, bytes: bytes, license: object.license,
            programs: programs.map { ProgramReport($0, needs[$0.name] ?? ProgramNeeds()) },
            maps: object.maps.filter { !$0.isInternal }.map { MapReport($0) }, globals: object.globals.map { GlobalReport($0) },
            types: TypeReport.all(of: object), notes: object.notes, refusals: [])
        if programs.isEmpty { refusals.append(Refusal(subject: "object \(object.name)", reason: "it has no program")) }
        for program in programs where program.type == .unspecified {
            refusals.append(
                Refusal(subject: "program \(program.name)", reason: "what kind it is cannot be told by its section \(program.section)"))
        }
    }

    /// Adds what this host's kernel is known not to have of what the object needs.
    mutating func addMissingNeeds(of object: borrowing OpenObject) throws(BPFError) {
        refusals += try (object.missingNeeds() + object.missingTargets()).map { Refusal(subject: $0.subject, reason: $0.reason) }
    }
}

extension TypeReport {
    /// The named structs, unions and enumerations of an object, in the order of its BTF.
    static func all(of object: borrowing OpenObject) -> [TypeReport] {
        guard let types = try? object.types else { return [] }
        return (1..<max(1, types.endID)).compactMap { id in
            let spelling = types.spelling(of: id)
            guard ["struct ", "union ", "enum "].contains(where: spelling.hasPrefix), let type = try? types.type(id: id) else { return nil }
            switch type {
            case .structure(let composite), .union(let composite):
                return TypeReport(
                    name: spelling, size: composite.byteCount,
                    fields: composite.fields.map {
                        FieldReport(name: $0.name, type: "\($0.type)", bitOffset: $0.bitOffset, bitWidth: $0.bitWidth)
                    }, values: [])
            case .enumeration(let enumeration):
                return TypeReport(
                    name: spelling, size: enumeration.byteCount, fields: [],
                    values: enumeration.values.map { EnumValueReport(name: $0.name, value: $0.value) })
            // Qualifiers are spelt like what they qualify, and what is only named has nothing to be told.
            default: return nil
            }
        }
    }
}

extension ProgramReport {
    init(_ program: ProgramDescription, _ needs: ProgramNeeds) {
        self.init(
            name: program.name, section: program.section, type: program.type.description,
            isTypedByConvention: program.isTypedByConvention, attach: program.target.map { "\($0)" },
            isLoadedByDefault: program.isAutoloaded, instructions: program.instructionCount,
            helpers: needs.helpers.map { ProgramNeeds.helperName($0) ?? "helper \($0)" }, kernelFunctions: needs.kernelFunctions,
            maps: needs.maps,
            kernelTypes: Set(needs.typeAccesses.filter { $0.question != .ownTypeNumber }.map(\.description)).sorted())
    }
}

extension MapReport {
    init(_ map: MapDescription) {
        self.init(
            name: map.name, type: map.type.description, keySize: map.keySize, valueSize: map.valueSize, maxEntries: map.maxEntries,
            flags: map.flags.rawValue, pin: map.pin)
    }
}

extension GlobalReport {
    init(_ global: GlobalDescription) {
        self.init(name: global.name, section: global.section, type: "\(global.type)", size: global.size, isConstant: global.isConstant)
    }
}
