import FoundationEssentials
import PolicyModel
import Testing

/// The repository's folder.
let repository = String(#filePath.prefix(upTo: #filePath.firstRange(of: "/Tests/")?.lowerBound ?? #filePath.endIndex))

@Suite struct ShippedPolicyTests {
    private func load(_ paths: String...) throws -> PolicySet {
        let loaded = DocumentLoader.load(paths: paths.map { "\(repository)/config/\($0)" })
        #expect(loaded.diagnostics.isEmpty && loaded.warnings().isEmpty, "\(loaded.diagnostics + loaded.warnings())")
        return try loaded.policySet()
    }

    /// Verdict and rule of a packet line.
    private func verdict(_ set: PolicySet, _ direction: String, _ fields: String) throws -> String {
        let packet = try Packet(jsonLine: "{\"direction\":\"\(direction)\",\"interface\":\"eth0\",\(fields)}")
        let verdict = ReferenceEvaluator(set).verdict(for: packet)
        return "\(verdict.action) \(verdict.policy ?? "-")/\(verdict.rule ?? "-")"
    }

    @Test func `every shipped file is sound and raises no warning`() throws {
        for folder in ["policies", "examples"] {
            let loaded = DocumentLoader.load(folder: "\(repository)/config/\(folder)")
            #expect(!loaded.documents.isEmpty)
            #expect(loaded.diagnostics.isEmpty && loaded.warnings().isEmpty, "\(loaded.diagnostics + loaded.warnings())")
        }
    }

    @Test func `the essentials let a host keep its address and its neighbours behind a policy that denies all`() throws {
        let deny = policyText("ingress: [{ action: deny }]\negress: [{ action: deny }]", name: "all")
        let essentials = DocumentLoader.load(paths: ["\(repository)/config/policies/essentials.yaml"])
        let set = try DocumentLoader.load(text: deny).policySet(over: DocumentCollection(essentials.documents))
        func six(_ source: String, _ destination: String, _ type: String) -> String {
            "\"protocol\":58,\"source\":\"\(source)\",\"destination\":\"\(destination)\",\"icmpType\":\"\(type)\""
        }
        func udp(_ source: String, _ sourcePort: Int, _ destination: String, _ port: Int) -> String {
            "\"protocol\":17,\"source\":\"\(source)\",\"sourcePort\":\(sourcePort),\"destination\":\"\(destination)\",\"destinationPort\":\(port)"
        }
        #expect(try verdict(set, "ingress", six("::", "ff02::1:ff00:1", "neighbor-solicitation")) == "allow essentials/neighbor-discovery")
        #expect(try verdict(set, "ingress", six("fe80::1", "ff02::1", "router-advertisement")) == "allow essentials/router-advertisement")
        #expect(try verdict(set, "ingress", six("2001:db8::1", "ff02::1", "router-advertisement")) == "deny all/ingress-1")
        #expect(try verdict(set, "ingress", six("2001:db8::9", "2001:db8::1", "packet-too-big")) == "allow essentials/packet-too-big")
        #expect(try verdict(set, "ingress", six("2001:db8::9", "2001:db8::1", "echo-request")) == "deny all/ingress-1")
        #expect(try verdict(set, "egress", six("fe80::1", "ff02::16", "mld2-listener-report")) == "allow essentials/mld")
        #expect(try verdict(set, "egress", six("::", "ff02::2", "router-solicitation")) == "allow essentials/router-solicitation")
        #expect(try verdict(set, "egress", udp("0.0.0.0", 68, "255.255.255.255", 67)) == "allow essentials/dhcpv4")
        #expect(try verdict(set, "ingress", udp("192.0.2.1", 67, "192.0.2.7", 68)) == "allow essentials/dhcpv4")
        #expect(try verdict(set, "egress", udp("fe80::1", 546, "ff02::1:2", 547)) == "allow essentials/dhcpv6")
        #expect(try verdict(set, "ingress", udp("192.0.2.1", 53, "192.0.2.7", 68)) == "deny all/ingress-1")
    }

    @Test func `the worked example allows and denies what it says`() throws {
        let set = try load("policies/essentials.yaml", "examples/web.yaml")
        func packet(_ proto: String, _ source: String, _ destination: String, _ port: Int) -> String {
            "\"protocol\":\"\(proto)\",\"source\":\"\(source)\",\"destination\":\"\(destination)\",\"destinationPort\":\(port)"
        }
        let four = { (source: String, proto: String, port: Int) in try verdict(set, "ingress", packet(proto, source, "192.0.2.1", port)) }
        let six = { (source: String, proto: String, port: Int) in try verdict(set, "ingress", packet(proto, source, "2001:db8::1", port)) }
        #expect(try four("192.0.2.2", "tcp", 8080) == "allow web/http" && six("2001:db8::2", "tcp", 80) == "allow web/http")
        #expect(try four("192.0.2.2", "udp", 80) == "deny web/rest")
        #expect(try four("192.0.2.2", "tcp", 22) == "deny web/rest" && six("2001:db8::2", "tcp", 22) == "deny web/rest")
        #expect(try four("192.0.2.130", "tcp", 22) == "allow web/ssh" && six("2001:db8::a:2", "tcp", 22) == "allow web/ssh")
        #expect(try four("192.0.2.2", "udp", 53) == "allow web/dns" && six("2001:db8::2", "udp", 53) == "allow web/dns")
        #expect(try four("192.0.2.130", "udp", 53) == "deny web/rest")
        #expect(try four("192.0.2.66", "tcp", 80) == "deny web/abusers" && six("2001:db8:bad::1", "tcp", 80) == "deny web/abusers")
        #expect(try four("203.0.113.77", "tcp", 80) == "deny web/abusers" && four("203.0.113.78", "tcp", 80) == "allow web/http")
        #expect(try verdict(set, "egress", packet("tcp", "192.0.2.1", "203.0.113.77", 443)) == "deny web/rest")
        #expect(try verdict(set, "egress", packet("tcp", "192.0.2.1", "192.0.2.2", 443)) == "allow web/updates")
    }
}

/// The page that describes the language.
@Suite struct PolicyPageTests {
    struct Block {
        var kind: String
        var text: String
        var line: Int
    }

    static func blocks() throws -> [Block] {
        let page = try String(contentsOf: URL(filePath: "\(repository)/docs/policy.md"), encoding: .utf8)
        var blocks: [Block] = []
        var open: Block?
        for (index, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open = open == nil ? Block(kind: String(line.dropFirst(3)), text: "", line: index + 1) : nil
            } else {
                open?.text += line + "\n"
            }
        }
        return blocks
    }

    @Test func `every example of the page is what the page says of it`() throws {
        let blocks = try Self.blocks()
        let sets = "---\napiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: abusers }\nspec: { addresses: [192.0.2.66] }\n"
        let time = try #require(Instant("2026-11-21T00:00:00Z"))
        var seen: [String: Int] = [:]
        var (whole, evaluated) = (PolicySet.empty, PolicySet.empty)
        for (index, block) in blocks.enumerated() {
            seen[block.kind, default: 0] += 1
            switch block.kind {
            case "yaml", "yaml evaluated":
                let loaded = DocumentLoader.load(text: block.text, path: "policy.md")
                let policySet = try #require(try? loaded.policySet(), "line \(block.line): \(loaded.diagnostics)")
                if block.kind == "yaml evaluated" { evaluated = policySet }
                if seen == ["yaml": 1] { whole = policySet }
            case "yaml rules ingress", "yaml rules egress":
                let direction = block.kind.split(separator: " ").last ?? ""
                let text =
                    policyText("\(direction):\n" + block.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")) + sets
                #expect(throws: Never.self, "line \(block.line)") { try DocumentLoader.load(text: text, path: "policy.md").policySet() }
            case "yaml broken":
                let loaded = DocumentLoader.load(text: block.text, path: "web.yaml")
                var found = loaded.warnings().map(\.description)
                do throws(Diagnostics) { _ = try loaded.policySet() } catch { found = error.all.map(\.description) }
                #expect(found.joined(separator: "\n") + "\n" == blocks[index + 1].text, "line \(block.line)")
            case "json packets", "json packets web":
                let lines = PacketLines(block.text, path: "policy.md")
                #expect(lines.diagnostics.isEmpty)
                let evaluator = ReferenceEvaluator(block.kind == "json packets" ? evaluated : whole)
                let answers = lines.packets.map { evaluator.verdict(for: $0, at: time).jsonLine + "\n" }
                #expect(answers.joined() == blocks[index + 1].text, "line \(block.line)")
            default:
                break
            }
        }
        #expect(
            seen == [
                "yaml": 5, "yaml evaluated": 1, "yaml rules ingress": 10, "yaml rules egress": 2, "yaml broken": 2, "text": 2,
                "json packets": 1, "json packets web": 1, "json": 2,
            ])
    }

    @Test func `the page has an example of every key, and of every word a key takes`() throws {
        let examples = try Self.blocks().filter { $0.kind.hasPrefix("yaml") && $0.kind != "yaml broken" }.map(\.text).joined()
        let keys = [
            "name", "labels", "tier", "priority", "interfaces", "mode", "ingress", "egress", "action", "protocol", "ports", "sourcePorts",
            "icmp", "from", "to", "local", "log", "expires", "established", "addresses",
        ]
        for key in keys { #expect(examples.contains("\(key): ") || examples.contains("\(key):\n"), "\(key)") }
        let words = ["action: allow", "action: deny", "action: reject", "action: pass", "mode: audit", "log: none", "log: new", "log: all"]
        for word in words + ["established: keep", "!set:", "set:offices", "protocol: sctp", "protocol: gre", "esp"] {
            #expect(examples.contains(word), "\(word)")
        }
    }

    @Test func `the page names every ICMP message and code, and no other`() throws {
        let page = try String(contentsOf: URL(filePath: "\(repository)/docs/policy.md"), encoding: .utf8)
        let start = try #require(page.firstRange(of: "\nMessages: "))
        let end = try #require(page.firstRange(of: "### Interfaces"))
        let named = page[start.lowerBound..<end.lowerBound].split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map {
            String($0.element)
        }
        for name in named { #expect(throws: Never.self, "\(name)") { try rule("action: deny, icmp: \(name)") } }
        #expect(named.count == Set(named).count && named.count == 45)
    }
}
