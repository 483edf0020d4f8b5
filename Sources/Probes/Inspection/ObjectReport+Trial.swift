internal import BPF

extension ObjectReport {
    /// Has the kernel take what the object holds and forget it again, and adds what it refused, in its own words. Nothing is attached.
    mutating func addTrial(_ bytes: [UInt8]) throws(BPFError) {
        let source = ObjectSource.bytes(bytes, name: name)
        let names = programs.filter { $0.type != ProgramType.unspecified.description }.map(\.name)
        refusals += try OpenObject(source).missingTargets().map { Refusal(subject: $0.subject, reason: $0.reason) }
        // All together first: as a rule there is nothing to be refused.
        if try Self.refusal(of: source, loading: names) == nil { return }
        let before = refusals.count
        for name in names {
            guard let error = try Self.refusal(of: source, loading: [name]) else { continue }
            refusals.append(Refusal(subject: "program \(name)", reason: "\(error)"))
        }
        // Each may pass, and all together be too much, of memory for example.
        if refusals.count == before, let error = try Self.refusal(of: source, loading: names) {
            refusals.append(Refusal(subject: "object \(name)", reason: "\(error)"))
        }
    }

    /// Why the kernel refuses programs of an object; nothing if it takes them.
    private static func refusal(of source: ObjectSource, loading names: [String]) throws(BPFError) -> BPFError? {
        var object = try OpenObject(source)
        for program in object.programs { try object.setAutoload(names.contains(program.name), program: program.name) }
        // What is pinned stays.
        for map in object.maps where map.pin != nil { try object.setPin(at: nil, ofMap: map.name) }
        do throws(BPFError) {
            _ = try object.load()
            return nil
        } catch {
            return error
        }
    }
}
