import ArgumentParser

/// The rows, in the order of the table. Each stands for itself: it can be measured alone and again.
enum Row: String, CaseIterable, ExpressibleByArgument {
    case established
    case host
    case classbench
    case hundredThousand = "hundred-thousand"
    case set
    case peers
    case apply
    case rules
    case start
    case events
    case records
    case switches
    case swift

    /// What a row that fails as a whole was to show.
    var promise: String {
        switch self {
        case .established: "packet of an established connection"
        case .host: "classification, a host's own policy"
        case .classbench: "classification, 10,000 ClassBench-style rules"
        case .hundredThousand: "classification, 100,000 ClassBench-style rules"
        case .set: "classification, 800,000-entry set plus 1,000 rules"
        case .peers: "the same 1,000 rules in nftables, one after the other"
        case .apply: "apply of an 800,000-entry set and 1,000 rules"
        case .rules: "apply of 10,000 rules"
        case .start: "start of the daemon to enforcing 1,000 rules"
        case .events: "events, kernel to reader"
        case .records: "records, ring buffer to a Swift consumer"
        case .switches: "packets judged by neither the old nor the new revision"
        case .swift: "programs written in Swift, beside the same in C"
        }
    }

    func measure(_ setting: Setting) throws -> Outcome {
        let classification = ClassificationRows(effort: setting.effort, classbench: setting.classbench)
        switch self {
        case .established: return try EstablishedRow(effort: setting.effort).run()
        case .host: return try classification.host()
        case .classbench: return try classification.tenThousand()
        case .hundredThousand: return try classification.hundredThousand()
        case .set: return try SetRow(effort: setting.effort).run()
        case .peers: return try PeersRow(effort: setting.effort).run()
        case .apply: return try ApplyRows(setting: setting).set()
        case .rules: return try ApplyRows(setting: setting).rules()
        case .start: return try ApplyRows(setting: setting).start()
        case .events: return try EventsRow(setting: setting).run()
        case .records: return try RecordsRow(effort: setting.effort).run()
        case .switches: return try SwitchesRow(setting: setting).run()
        case .swift: return try SwiftRow(effort: setting.effort).run()
        }
    }
}
