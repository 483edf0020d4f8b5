public import BPF

extension ObjectReport {
    /// What an opened object holds. Asks for no privileges.
    ///
    /// - Parameter bytes: The size of the file it was opened from.
    public init(_ object: borrowing OpenObject, bytes: Int) {
        let programs = object.programs
        self.init(
            name: object.name, bytes: bytes, license: object.license, programs: programs.map { ProgramReport($0) },
            maps: object.maps.filter { !$0.isInternal }.map { MapReport($0) }, globals: object.globals.map { GlobalReport($0) },
            types: object.typeSummaries.map { TypeReport(kind: $0.kind, name: $0.name, size: $0.size, members: $0.members) },
            notes: object.notes, refusals: [])
        if programs.isEmpty { refusals.append(Refusal(subject: "object \(object.name)", reason: "it has no program")) }
        for program in programs where program.type == .unspecified {
            refusals.append(
                Refusal(subject: "program \(program.name)", reason: "what kind it is cannot be told by its section \(program.section)"))
        }
    }
}

extension ProgramReport {
    init(_ program: ProgramDescription) {
        self.init(
            name: program.name, section: program.section, type: program.type.description,
            isTypedByConvention: program.isTypedByConvention, attach: nil, isLoadedByDefault: program.isAutoloaded,
            instructions: program.instructionCount)
    }
}

extension MapReport {
    init(_ map: MapDescription) {
        self.init(
            name: map.name, type: map.type.description, keySize: map.keySize, valueSize: map.valueSize, maxEntries: map.maxEntries,
            flags: map.flags.rawValue)
    }
}

extension GlobalReport {
    init(_ global: GlobalDescription) {
        self.init(name: global.name, section: global.section, type: "\(global.type)", size: global.size, isConstant: global.isConstant)
    }
}
