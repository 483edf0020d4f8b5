import Datapath
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// Judges packets by all engines.
protocol Judge {
    func ask(_ packets: [Packet]) async throws -> WhyAnswer
}

/// Asks the daemon, about what is in force.
struct DaemonJudge: Judge {
    let client: Client
    let engines: [Engine]?

    func ask(_ packets: [Packet]) async throws -> WhyAnswer {
        let request = WhyRequest(packets: packets.map(PacketMessage.init), engines: engines)
        return try await withProgress("asking") { [client] in try await client.post(API.why, request) }
    }
}

/// Judges by documents, without a daemon.
final class OfflineJudge: Judge {
    private let policySet: PolicySet
    private let compiled: Result<CompiledPolicy, CompileError>
    private var engines: [Engine]
    /// Whether the kernel's engine may be left out, if it cannot be had.
    private let isKernelOptional: Bool
    private var kernel: KernelEngine?

    init(policySet: PolicySet, engines: [Engine]?) {
        self.policySet = policySet
        self.engines = engines ?? Engine.allCases
        isKernelOptional = engines == nil
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        compiled = Result { [numbers] () throws(CompileError) in
            try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: [])
        }
    }

    func ask(_ packets: [Packet]) throws -> WhyAnswer {
        var answers: [EngineVerdicts] = []
        // One time for all engines: rules expire.
        let time = Instant.now
        for engine in engines {
            switch engine {
            case .reference:
                let evaluator = ReferenceEvaluator(policySet)
                answers.append(
                    EngineVerdicts(engine: engine, verdicts: packets.map { VerdictMessage(evaluator.verdict(for: $0, at: time)) }))
            case .compiled:
                let compiled = try policy()
                answers.append(
                    EngineVerdicts(engine: engine, verdicts: packets.map { VerdictMessage(compiled.verdict(for: $0, at: time)) }))
            case .kernel:
                guard let kernel = try kernelEngine() else { continue }
                let verdicts = try packets.map { packet throws(DatapathError) in VerdictMessage(try kernel.verdict(for: packet, at: time)) }
                answers.append(EngineVerdicts(engine: engine, verdicts: verdicts))
            }
        }
        return WhyAnswer(revision: nil, verdicts: answers, packets: packets, policySet: policySet, at: time)
    }

    private func policy() throws -> CompiledPolicy {
        do throws(CompileError) {
            return try compiled.get()
        } catch {
            throw refuse(Diagnostics([Diagnostic(at: error.location, error.description)]), "no packet was judged")
        }
    }

    /// A private copy of the program with these tables; nil if it cannot be had and need not be.
    private func kernelEngine() throws -> KernelEngine? {
        if let kernel { return kernel }
        let policy = try policy()
        do throws(DatapathError) {
            let made = try KernelEngine(policy)
            kernel = made
            return made
        } catch {
            guard isKernelOptional else { throw CommandFailure(.notPermitted, "the kernel engine needs root and BPF: \(error)") }
            complain("policyctl: the kernel engine is left out, it needs root and BPF: \(error)")
            engines.removeAll { $0 == .kernel }
            return nil
        }
    }
}
