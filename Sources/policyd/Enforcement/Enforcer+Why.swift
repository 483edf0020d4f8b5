import HTTPTypes
import NIOPosix
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// The verdict on packets under what is in force, by every engine.
extension Enforcer {
    func why(_ request: WhyRequest) async throws -> WhyAnswer {
        let engines = request.engines ?? Engine.allCases
        let packets = try request.packets.enumerated().map { position, message in
            do throws(PacketMessage.Invalid) {
                return try message.packet()
            } catch {
                throw Refusal(.badRequest, "packet \(position + 1): \(error)")
            }
        }
        guard let inForce else { throw Refusal(.conflict, "no policy is in force: every packet passes") }
        // A thousand packets through a large policy take a while; the event loops and the pool are for others.
        return try await NIOThreadPool.singleton.runIfActive { [self] in
            // One time for all engines: rules expire.
            let time = Instant.now
            let verdicts = try engines.map { engine in
                let verdicts: [Verdict]
                switch engine {
                case .reference:
                    let evaluator = ReferenceEvaluator(inForce.policySet)
                    verdicts = packets.map { evaluator.verdict(for: $0, at: time) }
                case .compiled:
                    let policy = inForce.compiled.withoutPatches
                    verdicts = packets.map { policy.verdict(for: $0, at: time) }
                case .kernel: verdicts = try enforcement.verdicts(for: packets, by: inForce.compiled, at: time)
                }
                return EngineVerdicts(engine: engine, verdicts: verdicts.map(VerdictMessage.init))
            }
            return WhyAnswer(revision: inForce.number, verdicts: verdicts, packets: packets, policySet: inForce.policySet, at: time)
        }
    }
}
