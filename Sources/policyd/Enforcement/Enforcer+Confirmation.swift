import HTTPTypes
import Logging
import PolicyAPI
import PolicyModel

/// Applies that go back by themselves unless they are confirmed.
///
/// What waits is on disk before the revision is, so there is no moment at which a daemon that ends leaves the revision in force for good.
extension Enforcer {
    /// Keeps what waits.
    func confirm(by peer: String) async throws -> ConfirmedMessage {
        try await serially { [self] in
            guard let waiting = confirmation else {
                let now = inForce.map { "; revision \($0.number) is in force: \($0.origin)" } ?? ""
                throw Refusal(.conflict, "no revision waits to be confirmed\(now)")
            }
            guard Timestamp.now < waiting.until else {
                throw Refusal(
                    .conflict, "the time to confirm revision \(waiting.revision) was over at \(waiting.until); it is being withdrawn")
            }
            try setConfirmation(nil)
            withdrawal.cancel()
            logger.notice("revision confirmed", metadata: ["revision": "\(waiting.revision)", "by": "\(peer)"])
            return ConfirmedMessage(revision: waiting.revision)
        }
    }

    /// What an apply of this number is to wait for; nil if it is for good.
    func newConfirmation(of number: UInt32, within seconds: Double?, before: InForce?) throws -> Confirmation? {
        guard let seconds else { return nil }
        guard seconds > 0, seconds <= 315_360_000 else {
            throw Refusal(.badRequest, "confirmWithin: \(seconds) is not a number of seconds above 0 and up to ten years")
        }
        if before == nil, let unknown = enforcement.revisionInForce {
            throw Refusal(
                .conflict, "the kernel enforces revision \(unknown), which the state folder does not know: there is no going back to it")
        }
        return Confirmation(
            revision: number, back: before?.number, until: .now.advanced(byNanoseconds: Int64((seconds * 1e9).rounded())))
    }

    /// Refuses a change while a revision waits: what it goes back to would no longer be what was in force before the change.
    func refuseWhileWaiting() throws {
        guard let waiting = confirmation else { return }
        throw Refusal(
            .conflict,
            "revision \(waiting.revision) waits to be confirmed until \(waiting.until); keep it with `policyctl confirm`, or wait until it "
                + "is withdrawn")
    }

    /// Reads after a start what waited at the end of the daemon before. To be called before anything is put in force.
    func readConfirmation() throws {
        do {
            guard let stored = try store.confirmation() else { return }
            // One of a revision that came neither into force nor onto the disk is of an apply that was cut short.
            guard try enforcement.revisionInForce ?? store.numbers().last ?? 0 >= stored.revision else { return try setConfirmation(nil) }
            try setConfirmation(stored)
        } catch let error as RevisionStore.Damaged {
            logger.error("what waits to be confirmed cannot be read, and stays in force", metadata: ["error": "\(error)"])
        }
    }

    /// Goes on waiting after a start, or goes back at once if the time is over.
    func resumeConfirmation() throws {
        guard let waiting = confirmation else { return }
        // Taken out, or damaged and an older one in its place: what waited is not in force any more.
        guard inForce?.number ?? enforcement.revisionInForce ?? 0 >= waiting.revision else { return try setConfirmation(nil) }
        if waiting.until <= .now { withdrawOrTryAgain(waiting) } else { awaitConfirmation(waiting) }
    }

    /// Withdraws a revision when its time is over.
    func awaitConfirmation(_ waiting: Confirmation, at time: Timestamp? = nil) {
        withdrawal.schedule(at: time ?? waiting.until) { [weak self] in
            // It fails only while the daemon stops; the next one goes on.
            try? await self?.serially { [weak self] in
                guard let self, confirmation == waiting else { return }
                withdrawOrTryAgain(waiting)
            }
        }
    }

    private func withdrawOrTryAgain(_ waiting: Confirmation) {
        do {
            try withdraw(waiting)
            logger.warning("not confirmed in time", metadata: ["revision": "\(waiting.revision)"])
        } catch let error as RevisionStore.Damaged {
            // It will not get better, and as long as it waits nothing else can be applied.
            try? setConfirmation(nil)
            warn("revision \(waiting.revision) was not confirmed, but stays in force: there is no going back, \(error)")
        } catch {
            let words = (error as? Refusal)?.failure.error ?? "\(error)"
            logger.error("a revision cannot be withdrawn; trying again in ten seconds", metadata: ["error": "\(words)"])
            awaitConfirmation(waiting, at: .now.advanced(by: .seconds(10)))
        }
    }

    /// Puts in force again what was before.
    private func withdraw(_ waiting: Confirmation) throws {
        var target = Target(
            documents: DocumentCollection(), runtimeEntries: [:], origin: "not confirmed: revision \(waiting.revision) withdrawn")
        if let back = waiting.back {
            let loaded = try store.load(back)
            let now = Timestamp.now
            target.documents = loaded.documents
            // Entries whose time came meanwhile would only go again at once.
            target.runtimeEntries = loaded.revision.runtimeEntries.mapValues { $0.filter { $0.expires.map { $0 > now } ?? true } }
        }
        _ = try change(to: target, since: .now)
        try setConfirmation(nil)
    }
}
