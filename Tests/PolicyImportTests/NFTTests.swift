import PolicyImport
import PolicyModel
import Testing

@Suite struct NFTTests {
    /// Made of an `/etc/nftables.conf` by `nft -j list ruleset`, with line breaks.
    static let workstation = """
        {"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"set": {"family": "inet", "name": "blocked", "table": "filter", "type": "ipv4_addr", "handle": 2, "flags": ["interval"],
         "elem": [{"prefix": {"addr": "203.0.113.0", "len": 24}}, {"range": ["198.51.100.7", "198.51.100.9"]}, "192.0.2.66"]}},
        {"map": {"family": "inet", "name": "services", "table": "filter", "type": "inet_service", "handle": 3, "map": "verdict",
         "elem": [[22, {"jump": {"target": "ssh"}}], [{"range": [8000, 8100]}, {"accept": null}], [23, {"drop": null}]]}},
        {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 4, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "inet", "table": "filter", "name": "ssh", "handle": 5}},
        {"chain": {"family": "inet", "table": "filter", "name": "output", "handle": 6, "type": "filter", "hook": "output", "prio": 0, "policy": "accept"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 7, "expr": [
         {"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["established", {"accept": null}], ["related", {"accept": null}]]}}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 8, "expr": [
         {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": {"set": ["lo", "virbr*"]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 9, "expr": [
         {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@blocked"}},
         {"counter": {"packets": 0, "bytes": 0}}, {"log": {"prefix": "blocked "}}, {"drop": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 10, "expr": [
         {"match": {"op": "==", "left": {"payload": {"protocol": "icmpv6", "field": "type"}}, "right": {"set": ["echo-request", "nd-neighbor-solicit", "nd-neighbor-advert"]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 11, "expr": [
         {"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": "@services"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 12, "expr": [
         {"match": {"op": "==", "left": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"payload": {"protocol": "udp", "field": "dport"}}]},
          "right": {"set": [{"concat": ["192.0.2.53", 5353]}, {"concat": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, {"range": [100, 200]}]}]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 13, "expr": [
         {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["tcp", "udp"]}}},
         {"match": {"op": ">=", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": 60000}},
         {"match": {"op": "!=", "left": {"meta": {"key": "nfproto"}}, "right": "ipv6"}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 14, "expr": [
         {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 113}}, {"reject": {"type": "tcp reset"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "ssh", "handle": 15, "expr": [
         {"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "192.0.2.0", "len": 24}}}}, {"return": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "ssh", "handle": 16, "expr": [{"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "output", "handle": 17, "comment": "no mail", "expr": [
         {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 25}},
         {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new"]}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]}}]}
        """

    @Test func `a ruleset with sets, maps and concatenations judges as before`() throws {
        let result = try imported(.nft, ["rules.json": Self.workstation])
        // The drop of blocked sources comes behind the accept of connections.
        #expect(result.isComplete, "\(result.missing)")
        #expect(result.sets.map(\.name) == ["blocked"])
        try check(
            result,
            """
            in lo tcp 127.0.0.1 127.0.0.1 1 allow
            in virbr0 udp 2001:db8::9 2001:db8::1 1 allow
            in eth0 tcp 203.0.113.9 192.0.2.1 8000 deny
            in eth0 tcp 198.51.100.9 192.0.2.1 8000 deny
            in eth0 tcp 198.51.100.10 192.0.2.1 8000 allow
            in eth0 icmp 2001:db8::9 2001:db8::1 128 allow
            in eth0 icmp 2001:db8::9 2001:db8::1 129 deny
            in eth0 icmp 192.0.2.9 192.0.2.1 8 deny
            in eth0 tcp 192.0.2.9 192.0.2.1 22 allow
            in eth0 tcp 192.0.3.9 192.0.2.1 22 deny
            in eth0 tcp 2001:db8::9 2001:db8::1 22 allow
            in eth0 tcp 2001:db8::9 2001:db8::1 23 deny
            in eth0 udp 192.0.2.53 192.0.2.1 5353 allow
            in eth0 udp 192.0.2.54 192.0.2.1 5353 deny
            in eth0 udp 10.0.2.53 192.0.2.1 200 allow
            in eth0 udp 10.0.2.53 192.0.2.1 201 deny
            in eth0 udp 10.0.2.53 192.0.2.1 60000 allow
            in eth0 udp 10.0.2.53 192.0.2.1 59999 deny
            in eth0 sctp 10.0.2.53 192.0.2.1 60000 deny
            in eth0 tcp 2001:db8::9 2001:db8::1 65535 deny
            in eth0 tcp 2001:db8::9 2001:db8::1 113 reject
            out eth0 tcp 2001:db8::1 2001:db8::9 25 reject
            out eth0 udp 192.0.2.1 192.0.2.9 25 allow
            """)
        #expect(result.policy.ingress.contains { $0.log == .all && $0.action == .deny && $0.remote.setNames == ["blocked"] })
        #expect(result.text.contains("(no mail)"))
    }

    /// A ruleset with one input chain, that accepts connections and holds one rule more, on line 2.
    func input(_ expressions: String, others: String = "") throws -> ImportResult {
        let established = """
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}
            """
        let rule = { (handle: Int, text: String) in
            "{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"i\", \"handle\": \(handle), \"expr\": [\(text)]}}"
        }
        return try imported(
            .nft,
            [
                "r": """
                {"nftables": [\(others) {"chain": {"family": "ip", "table": "t", "name": "i", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}, \(rule(1, established)),
                \(rule(2, expressions))]}
                """
            ])
    }

    @Test(
        arguments: [
            (
                #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}, {"limit": {"rate": 5, "per": "second"}}, {"accept": null}"#,
                "limit no rates"
            ),
            (#"{"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 0}}, {"accept": null}"#, "'meta skuid'"),
            (
                #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}}, {"accept": null}"#,
                "'tcp flags'"
            ),
            (
                #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@nowhere"}}, {"accept": null}"#,
                "no set '@nowhere'"
            ),
            (
                #"{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}, {"accept": null}"#,
                "no 'fib'"
            ),
            (
                #"{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["invalid", "untracked"]}}, {"accept": null}"#,
                "no state INVALID"
            ),
            (#"{"xt": {"type": "match", "name": "recent"}}, {"accept": null}"#, "iptables-save"),
            (#"{"masquerade": null}"#, "translates no addresses"),
            (#"{"jump": {"target": "nowhere"}}"#, "no chain"),
            (#"{"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}"#, "change no packets"),
        ])
    func `what no policy can say is listed with its line and handle`(_ expressions: String, _ reason: String) throws {
        let result = try input(expressions)
        #expect(result.missing.count == 1 && result.missingLines == [2], "\(result.missing)")
        #expect(
            result.missing[0].contains(reason) && result.missing[0].hasPrefix("r:2: not expressed: ip t i handle 2"), "\(result.missing)")
        try check(result, "in e tcp 10.0.0.1 10.0.0.2 80 deny\nin e tcp 2001:db8::1 2001:db8::2 80 allow")
    }

    @Test func `codes and types of ICMP narrow one another`() throws {
        let result = try input(
            #"{"match": {"op": "==", "left": {"payload": {"protocol": "icmp", "field": "type"}}, "right": "destination-unreachable"}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "icmp", "field": "code"}}, "right": "frag-needed"}}, {"accept": null}"#
        )
        #expect(result.isComplete)
        try check(
            result,
            "in e icmp 10.0.0.1 10.0.0.2 3/3 allow\nin e icmp 10.0.0.1 10.0.0.2 3/4 deny\nin e icmp 10.0.0.1 10.0.0.2 8 deny")
    }

    @Test func `chains of one hook all have to accept`() throws {
        let other = """
            {"chain": {"family": "inet", "table": "u", "name": "late", "type": "filter", "hook": "input", "prio": 10, "policy": "accept"}},
            {"chain": {"family": "inet", "table": "u", "name": "f", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
            {"rule": {"family": "inet", "table": "u", "chain": "late", "handle": 9, "expr": [
             {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new"]}},
             {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [{"range": [50, 85]}]}}}, {"drop": null}]}},
            """
        let result = try input(
            #"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 90]}}}, {"accept": null}"#,
            others: other)
        #expect(result.missing.count == 1 && result.missing[0].contains("chain inet u f") && result.missing[0].contains("forwarded"))
        try check(
            result,
            """
            in e tcp 10.0.0.1 10.0.0.2 80 deny
            in e tcp 10.0.0.1 10.0.0.2 90 allow
            in e tcp 10.0.0.1 10.0.0.2 91 deny
            in e tcp 2001:db8::1 2001:db8::2 80 deny
            in e tcp 2001:db8::1 2001:db8::2 91 allow
            """)
    }

    @Test(
        arguments: [
            ("{\n\"nftables\": [}", "r:2: error: is not JSON: expected a value"),
            ("[]", "r:1: error: expected an object with the key 'nftables'"),
            ("{\"nftables\": [\n{\"rule\": {\"family\": \"ip\"}}]}", "r:2: error: expected the keys"),
            ("# iptables", "is not JSON"), (String(repeating: "[", count: 100_000), "at most 64 levels"),
        ])
    func `what cannot be read is an error with its line`(_ text: String, _ words: String) throws {
        let error = try #require(throws: ImportError.self) { try imported(.nft, ["r": text]) }
        #expect(error.description.contains(words), "\(error)")
    }
}
