import PolicyAPI

/// What a change did, for people.
struct ChangeText {
    let change: ChangeMessage

    init(_ change: ChangeMessage) {
        self.change = change
    }

    var text: String {
        let counts = [
            Shown.counted(change.counts.policies, "policy", plural: "policies"), Shown.counted(change.counts.rules, "rule"),
            Shown.counted(change.counts.sets, "set"), Shown.counted(change.counts.entries, "entry", plural: "entries"),
        ].joined(separator: ", ")
        let time = Shown.duration(microseconds: change.microseconds)
        var text = change.differences.map { $0 + "\n" }.joined()
        let revision = change.revision.map { "revision \($0)" } ?? "no revision"
        if change.dryRun {
            text += "dry run: \(counts) would be in force; \(revision) stays (\(time))\n"
        } else if change.changed {
            text += "\(revision) in force: \(counts) (\(time))\n"
        } else {
            text += "\(revision) stays in force, nothing to change: \(counts) (\(time))\n"
        }
        if let confirmation = change.confirmation {
            text += "it \(confirmation.consequence) by itself; to keep it: policyctl confirm\n"
        }
        return text
    }
}
