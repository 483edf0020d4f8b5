import HTTPTypes
import PolicyAPI
import PolicyModel
import Probes

extension RunningProbe {
    /// What one of its maps holds.
    ///
    /// - Throws: ``Refusal`` if there is no such map, or it has no keys.
    func contents(of map: String, limit: Int) throws -> ProbeMapContentsMessage {
        guard let reader = loaded.readers.first(where: { $0.name == map }) else {
            let names = loaded.readers.map(\.name)
            let near =
                Spelling.nearest(to: map, among: names).map { "; did you mean '\($0)'?" } ?? "; it has \(names.joined(separator: ", "))"
            throw Refusal(.notFound, "probe \(name) has no map '\(map)'\(near)")
        }
        guard reader.isReadable else {
            throw Refusal(.unprocessableContent, "map \(map) is a \(reader.type), which has no entries to show")
        }
        do throws(ProbeError) {
            return ProbeMapContentsMessage(
                name: map, type: reader.type, isPerCPU: reader.isPerCPU,
                entries: try reader.entries(limit: limit).map { entry throws(ProbeError) in try message(entry, of: reader) })
        } catch {
            throw Refusal(.internalServerError, error.message)
        }
    }

    private func message(
        _ entry: ProbeMapReader.Entry, of reader: ProbeMapReader
    ) throws(ProbeError) -> ProbeMapContentsMessage.Entry {
        guard let key = JSONValue(entry.key) else { throw ProbeError("a key of map \(reader.name) is no JSON: \(entry.key)") }
        let values = entry.values.map { JSONValue($0) ?? .text($0) }
        var stacks: [ProbeStackMessage] = []
        if reader.holdsStacks, let number = key.stackNumber, let frames = try reader.frames(ofStack: number) {
            stacks = [ProbeStackMessage(field: reader.name, frames: frames.map { ProbeFrameMessage($0) })]
        } else {
            let holders = loaded.readers.filter(\.holdsStacks)
            // Of values for each processor, one may say another stack than the next.
            for (field, number) in ([key] + (reader.isPerCPU ? [] : values)).flatMap(\.stackNumbers) {
                guard let holder = Self.holder(ofStacksIn: field, among: holders), let frames = try holder.frames(ofStack: number) else {
                    continue
                }
                stacks.append(ProbeStackMessage(field: field, frames: frames.map { ProbeFrameMessage($0) }))
            }
        }
        return ProbeMapContentsMessage.Entry(key: key, values: values, stacks: stacks.isEmpty ? nil : stacks)
    }

    /// The map that has the stack traces of a field: the only one, or the one whose name begins as the field's: `user_stack_id`,
    /// `user_stacks`.
    private static func holder(ofStacksIn field: String, among holders: [ProbeMapReader]) -> ProbeMapReader? {
        if holders.count <= 1 { return holders.first }
        guard let stem = field.lowercased().ranges(of: "stack").first.map({ field.lowercased()[..<$0.upperBound] }) else { return nil }
        let found = holders.filter { $0.name.lowercased().contains(stem) }
        return found.count == 1 ? found.first : nil
    }
}

extension JSONValue {
    /// The number of a stack trace; what is below zero says why there is none.
    fileprivate var stackNumber: UInt32? {
        guard case .integer(let number) = self else { return nil }
        return UInt32(exactly: number)
    }

    /// The fields that by their names are numbers of stack traces: `stack`, `kernel_stack`, `user_stack_id`.
    fileprivate var stackNumbers: [(field: String, number: UInt32)] {
        guard case .object(let fields) = self else { return [] }
        return fields.sorted { $0.key < $1.key }.flatMap { name, value -> [(field: String, number: UInt32)] in
            if case .object = value { return value.stackNumbers }
            let text = name.lowercased()
            guard ["stack", "stack_id", "stackid"].contains(where: text.hasSuffix), let number = value.stackNumber else { return [] }
            return [(name, number)]
        }
    }
}

extension ProbeFrameMessage {
    fileprivate init(_ frame: ProbeMapReader.Frame) {
        switch frame {
        case .address(let address): self.init(address: "0x\(String(address, radix: 16))")
        case .file(let buildID, let offset):
            let digits = buildID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            self.init(buildID: digits.joined(), offset: offset)
        }
    }
}
