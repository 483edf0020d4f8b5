import HTTPTypes
import Logging
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// Entries of sets that come and go while the policy stays: what such a change costs does not grow with the policy.
extension Enforcer {
    /// Adds entries to a set beside those of its document. An entry that was added before gets the new time to live.
    func add(_ request: SetChangeRequest, to name: String, by peer: String) async throws -> ChangeMessage {
        let start = ContinuousClock.now
        return try await serially { [self] in
            let prefixes = try read(request)
            if let ttl = request.ttl, !(ttl > 0 && ttl <= 315_360_000) {
                throw Refusal(.badRequest, "ttl: \(ttl) is not a number of seconds above 0 and up to ten years")
            }
            let expires = request.ttl.map { Timestamp.now.advanced(byNanoseconds: Int64($0 * 1e9)) }
            _ = try present(name)
            let added = Set(prefixes).sorted().map { RuntimeEntry(address: $0, expires: expires) }
            return try change(EntryChange(added: [name: added]), origin: "set add \(name) by \(peer)", since: start)
        }
    }

    /// Takes out entries that were added at run time, all of them or none.
    func remove(_ request: SetChangeRequest, from name: String, by peer: String) async throws -> ChangeMessage {
        let start = ContinuousClock.now
        return try await serially { [self] in
            guard request.ttl == nil else { throw Refusal(.badRequest, "ttl: only entries that are added have one") }
            let prefixes = try read(request)
            let set = try present(name)
            let there = prefixes.count > 4 ? Set(set.runtimeEntries) : []
            if let missing = prefixes.first(where: { !there.contains($0) && (!there.isEmpty || !set.runtimeEntries.contains($0)) }) {
                let hint =
                    set.addresses.contains(missing) || set.fileEntries.contains(missing)
                    ? "; it stands in the set's document or list files, and goes by an apply" : ""
                throw Refusal(.notFound, "\(missing) was not added to the set '\(name)' at run time\(hint)")
            }
            let removed = Set(prefixes).sorted()
            return try change(EntryChange(removed: [name: removed]), origin: "set remove \(name) by \(peer)", since: start)
        }
    }

    /// The set of a name, if its entries may be changed now.
    private func present(_ name: String) throws -> AddressSet {
        try refuseWhileWaiting()
        guard let inForce else { throw Refusal(.notFound, "no policy is in force, and so no set") }
        guard let set = inForce.policySet.sets[name] else { throw Refusal(noSet: name, in: inForce.policySet) }
        return set
    }

    private func read(_ request: SetChangeRequest) throws -> [CIDR] {
        guard !request.addresses.isEmpty else { throw Refusal(.badRequest, "no address is named") }
        return try request.addresses.map { text in
            do throws(CIDR.ParseError) {
                return try CIDR.parse(text)
            } catch {
                if case .hostBitsSet(let meant) = error {
                    throw Refusal(.badRequest, "\(text): bits of the host are set; did you mean \(meant)?")
                }
                throw Refusal(.badRequest, "'\(text)' is neither an address nor a prefix")
            }
        }
    }
}

// MARK: - The change

extension Enforcer {
    /// Changes entries of what is in force. Only to be called on the thread of changes.
    private func change(_ entries: EntryChange, origin: String, since start: ContinuousClock.Instant) throws -> ChangeMessage {
        guard let before = inForce else { throw Refusal(.notFound, "no policy is in force, and so no set") }
        var after = before
        entries.apply(to: &after.runtimeEntries)
        func message(changed: Bool) -> ChangeMessage {
            ChangeMessage(
                revision: after.number, changed: changed, dryRun: false, counts: after.policySet.counts, differences: [], warnings: [],
                microseconds: Int((ContinuousClock.now - start) / .microseconds(1)))
        }
        guard entries.sets.contains(where: { after.runtimeEntries[$0] != before.runtimeEntries[$0] }) else {
            return message(changed: false)
        }
        after.number = nextNumber
        after.created = .now
        after.origin = origin
        for name in entries.sets {
            try? after.policySet.setRuntimeEntries(after.runtimeEntries[name]?.map(\.address) ?? [], of: name)
        }
        after.compiled =
            try enforcement.change(before.compiled, entries, to: after.policySet, revision: after.number)
            ?? compile(after.policySet, revision: after.number, numbers: before.compiled.numbers, before: before.compiled)
        try store(&after, entries, before)
        ruleNames.add(revision: after.number, like: before.number)
        try install(after, fresh: [])
        accept(after)
        let result = message(changed: true)
        log(result, after.number, origin)
        return result
    }

    /// Writes what was changed to the state folder; all of it where what was in force before is not there.
    private func store(_ after: inout InForce, _ entries: EntryChange, _ before: InForce) throws {
        guard var base = before.base else {
            after.storedLists = try store.write(after.stored, after.items)
            after.base = RevisionBase(number: after.number)
            return
        }
        var change = StoredChange(
            number: after.number, created: after.created, origin: after.origin, documentsOf: base.number, entriesOf: before.number,
            entries: entries)
        base.changes += 1
        if base.changes > RevisionStore.changesInARow {
            change.entriesOf = nil
            change.entries = EntryChange(added: after.runtimeEntries)
            base.changes = 1
        }
        try store.write(change)
        after.base = base
    }
}

// MARK: - Entries with a time to live

extension Enforcer {
    /// Has the entries go whose time comes first, when it comes.
    func scheduleExpiry(_ inForce: InForce) {
        var next: Timestamp?
        for entries in inForce.runtimeEntries.values {
            for case let time? in entries.lazy.map(\.expires) { next = min(next ?? time, time) }
        }
        guard let next else { return expiry.cancel() }
        expiry.schedule(at: next) { [weak self] in await self?.expire() }
    }

    /// Takes out the entries whose time has come, as a revision of its own.
    private func expire() async {
        do {
            try await serially { [self] in
                guard let inForce else { return }
                let now = Timestamp.now
                let removed = inForce.runtimeEntries.mapValues { $0.filter { $0.expires.map { $0 <= now } ?? false }.map(\.address) }
                    .filter { !$0.value.isEmpty }
                guard !removed.isEmpty else { return scheduleExpiry(inForce) }
                _ = try change(EntryChange(removed: removed), origin: "entries expired", since: .now)
            }
        } catch {
            logger.error("entries cannot be taken out; trying again in ten seconds", metadata: ["error": "\(error)"])
            expiry.schedule(at: .now.advanced(by: .seconds(10))) { [weak self] in await self?.expire() }
        }
    }
}
