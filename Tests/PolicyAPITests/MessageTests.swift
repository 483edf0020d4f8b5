import FoundationEssentials
import PolicyAPI
import PolicyModel
import Testing

/// The JSON of messages is documented: these tests change only together with docs/api.md.
@Suite struct MessageTests {
    @Test func anApplyNeedsOnlyItsSources() throws {
        let request: ApplyRequest = try JSON.decode(from: Data(#"{"sources":[{"name":"a.yaml","text":"x"}]}"#.utf8))
        #expect(request == ApplyRequest(sources: [SourceText(name: "a.yaml", text: "x")]))
        #expect(!request.replace && !request.dryRun && request.lists.isEmpty)
    }

    @Test func aChangeIsThisObject() throws {
        let change = ChangeMessage(
            revision: 12, changed: true, dryRun: false, counts: CountsMessage(policies: 1, rules: 2, sets: 3, entries: 4),
            differences: ["+ HostPolicy/web"], warnings: [], microseconds: 5)
        #expect(
            try JSON.text(change) == """
                {"changed":true,"counts":{"entries":4,"policies":1,"rules":2,"sets":3},"differences":["+ HostPolicy/web"],"dryRun":false,\
                "microseconds":5,"revision":12,"warnings":[]}
                """)
    }

    @Test func aConfirmationIsThisObject() throws {
        let request: ApplyRequest = try JSON.decode(from: Data(#"{"sources":[],"confirmWithin":60}"#.utf8))
        #expect(request.confirmWithin == 60)
        let folder: ApplyFolderRequest = try JSON.decode(from: Data(#"{"confirmWithin":1.5}"#.utf8))
        #expect(folder == ApplyFolderRequest(confirmWithin: 1.5))
        #expect(try JSON.text(ApplyFolderRequest()) == #"{"dryRun":false,"strict":false}"#)
        let until = Timestamp(nanoseconds: 1_000_000_000)
        #expect(
            try JSON.text(ConfirmationMessage(revision: 12, back: 11, until: until))
                == #"{"back":11,"revision":12,"until":"1970-01-01T00:00:01.000000000Z"}"#)
        #expect(
            try JSON.text(ConfirmationMessage(revision: 1, back: nil, until: until))
                == #"{"revision":1,"until":"1970-01-01T00:00:01.000000000Z"}"#)
        #expect(try JSON.text(ConfirmedMessage(revision: 12)) == #"{"revision":12}"#)
    }

    @Test func aVerdictOfNoRuleHasNulls() throws {
        #expect(
            try JSON.text(VerdictMessage(.defaultAllow()))
                == #"{"audited":[],"location":null,"policy":null,"rule":null,"tier":null,"verdict":"allow"}"#)
    }

    @Test func aDiagnosticKeepsPlaceAndWords() {
        let message = DiagnosticMessage(
            Diagnostic(
                at: SourceLocation(file: "a.yaml", line: 3, column: 5), "ports: 70000 is not a port", suggestion: "7000",
                sourceLine: "  p: 70000"))
        #expect(message.severity == "error")
        #expect((message.file, message.line, message.column) == ("a.yaml", 3, 5))
        #expect(message.text.contains("a.yaml:3:5: error: ports: 70000 is not a port"))
        #expect(message.suggestion == "7000")
    }

    @Test func aPacketComesBackFromItsMessage() throws {
        let tcp = Packet(
            direction: .ingress, interface: "eth0", protocol: 6, source: IPAddress(v4: 1), destination: IPAddress(v4: 2), sourcePort: 3,
            destinationPort: 4)
        let ping = Packet(
            direction: .egress, interface: "wg0", protocol: 58, source: IPAddress(v6: 0, low: 1), destination: IPAddress(v6: 0, low: 2),
            icmpType: 128)
        for packet in [tcp, ping] {
            let message: PacketMessage = try JSON.decode(from: JSON.encode(PacketMessage(packet)))
            #expect(try message.packet() == packet)
        }
    }

    @Test func aPacketThatCannotBeIsRefusedInWords() throws {
        var message = PacketMessage(
            direction: .ingress, interface: "eth0", protocol: "gre", source: IPAddress(v4: 1), destination: IPAddress(v4: 2),
            destinationPort: 5)
        #expect(throws: PacketMessage.Invalid("protocol gre has no ports")) { try message.packet() }
        message.destination = IPAddress(v6: 0, low: 1)
        #expect(throws: PacketMessage.Invalid("source and destination are of different families")) { try message.packet() }
    }

    @Test func enginesAgreeOnWhatTheyBothTell() {
        let rule = RuleReference(policy: "a", rule: "b", tier: .admin, action: .deny)
        let other = RuleReference(policy: "a", rule: "c", tier: .admin, action: .deny)
        let both = VerdictMessage(Verdict(.deny, by: rule, audited: [rule, other]))
        #expect(both.agrees(with: VerdictMessage(Verdict(.deny, by: rule, audited: [rule]))))
        #expect(!both.agrees(with: VerdictMessage(Verdict(.deny, by: rule))))
        #expect(!both.agrees(with: VerdictMessage(Verdict(.deny, by: other, audited: [rule]))))
    }

    @Test func escapesOfAPathAreRead() {
        #expect(percentDecoded("a%20b%2F%C3%BC") == "a b/ü")
        #expect(percentDecoded("100%") == "100%")
        #expect(percentDecoded("%zz") == "%zz")
    }
}
