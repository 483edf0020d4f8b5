internal import BPF
internal import Glibc
internal import PolicyModel

/// What is found out about targets before the programs that matter are attached.
extension ProbeLoader {
    /// The programs that the probe can do without.
    var dispensable: Set<String> {
        Set(probe.programs.filter(\.isOptional).map(\.name)).union(probe.alternatives.flatMap { $0.flatMap { $0 } })
    }

    /// Loads the object. Programs that may be left out are attached once on trial, as some kernels only then say that they cannot.
    ///
    /// - Parameters:
    ///   - takeover: Where the probe that is replaced is attached: there nothing is tried, as often there is no room for a second program.
    ///   - isTrial: Whether nothing at all is to be attached; what is known against a target decides then.
    ///   - refused: Programs that are left out, and why.
    func load(
        _ object: consuming OpenObject, _ plan: ProbePlan, _ takeover: Takeover, isTrial: Bool, leavingOut refused: [String: BPFError]
    ) throws(ProbeError) -> LoadedObject {
        let targets = Dictionary(plan.programs.map { ($0.name, $0.targets) }) { first, _ in first }
        // Why the kernel would not attach one of them.
        var obstacle: CInt?
        do throws(BPFError) {
            return try object.load { (program) throws(BPFError) in
                if let error = refused[program.name] { throw error }
                for target in targets[program.name] ?? [] {
                    if isTrial {
                        try Self.check(Takeover.Wish(program: program.name, target: target))
                    } else if !takeover.holds(target) {
                        do throws(BPFError) {
                            try program.attach(to: target).detach()
                        } catch {
                            obstacle = error.errno
                            throw error
                        }
                    }
                }
            }
        } catch {
            var refused = refusal(error)
            // That nothing of the object is left is no number of the kernel's.
            refused.errno = refused.errno ?? obstacle
            throw refused
        }
    }

    /// Refuses targets that are known not to be there.
    ///
    /// - Returns: What cannot be known without attaching a program.
    func checkTargets(_ wishes: [Takeover.Wish]) throws(ProbeError) -> [String] {
        try kernel { () throws(BPFError) in
            for wish in wishes { try Self.check(wish) }
        }
        let unsure = Set(wishes.map(\.program)).intersection(dispensable).sorted()
        if unsure.isEmpty { return [] }
        return [
            "nothing was attached: whether the kernel attaches \(unsure.joined(separator: ", ")), or the probe goes without, "
                + "is found out by the load"
        ]
    }

    private static func check(_ wish: Takeover.Wish) throws(BPFError) {
        guard let reason = wish.target.knownObstacle else { return }
        // What the kernel would say.
        let number =
            switch wish.target {
            case .xdp, .tc, .tcx, .packets: ENODEV
            default: ENOENT
            }
        throw BPFError(.attach, "program \(wish.program) to \(wish.target)", errno: number, reason: reason)
    }

    /// Has everything as it was before a refusal.
    ///
    /// - Throws: The refusal, with what of the other probe could not be put back.
    func undo(_ takeover: inout Takeover, after refusal: ProbeError) throws(ProbeError) {
        let failures = takeover.undo()
        guard !failures.isEmpty else { return takeover.unmark() }
        var refusal = refusal
        refusal.message +=
            "; not everything that was attached before could be put back: " + failures.map { "\($0)" }.joined(separator: "; ")
        throw refusal
    }
}
