import PolicyModel
import PolicyTesting
import Testing

/// Bounds far above what a release build takes, so that they hold in debug builds on a busy machine and
/// still catch a cost that is no longer linear.
@Suite struct ScaleTests {
    @Test func `a list of 200,000 lines is read whole`() throws {
        var random = SplitMix64(seed: 9)
        var text = "# generated\n"
        for index in 0..<200_000 {
            if index % 10 == 0 {
                text += "2001:db8:\(String(index % 65536, radix: 16))::/48\n"
            } else {
                text += "\(IPAddress(v4: .random(in: 0...UInt32.max, using: &random)))\n"
            }
        }
        let bytes = Array(text.utf8)
        let time = ContinuousClock().measure {
            let list = AddressList(bytes, path: "list")
            #expect(list.entries.count == 200_000 && list.diagnostics.isEmpty, "\(list.diagnostics.prefix(3))")
        }
        #expect(time < .seconds(15))
    }

    @Test func `a policy of 10,000 rules is read, put together and checked`() throws {
        var text = "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: big }\nspec:\n  ingress:\n"
        for index in 0..<10_000 {
            text +=
                "    - { name: rule-\(index), action: allow, protocol: tcp, ports: [\(index), 8000-8100], from: [10.\(index / 256).\(index % 256).0/24, \"!set:x\"] }\n"
        }
        text += "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: x }\nspec: { addresses: [192.0.2.1] }\n"
        let time = ContinuousClock().measure {
            let loaded = DocumentLoader.load(text: text)
            #expect(loaded.warnings().count == 1)
            #expect((try? loaded.policySet())?.ruleCount == 10_000)
        }
        #expect(time < .seconds(20))
    }

    @Test func `thousands of mistakes cost no more than reading`() {
        let rules = String(repeating: "    - { action: allow, ports: [70000], from: \"set:y\" }\n", count: 5000)
        let text = "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: big }\nspec:\n  ingress:\n" + rules
        let time = ContinuousClock().measure {
            let loaded = DocumentLoader.load(text: text, path: "p.yaml")
            #expect(loaded.diagnostics.count == 101)
            #expect(throws: Diagnostics.self) { try loaded.policySet() }
        }
        #expect(time < .seconds(20))
    }
}
