/// Reads the text of a target: `kind:place option…`.
struct TargetReader {
    private let text: String
    private let kind: String
    /// What stands after the kind's colon; nothing if there is none.
    private let place: String?
    private var options: [(name: String, value: String)] = []

    init(_ text: String) {
        self.text = text
        var rest = text[...]
        // Options stand at the end; paths before them may have spaces of their own.
        var found: [(String, String)] = []
        while let space = rest.lastIndex(of: " ") {
            let parts = rest[rest.index(after: space)...].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard Self.optionNames.contains(name) else { break }
            found.append((name, parts.count == 2 ? String(parts[1]) : ""))
            rest = rest[..<space]
            while rest.last == " " { rest.removeLast() }
        }
        options = found.reversed()
        let colon = rest.firstIndex(of: ":")
        kind = String(rest[..<(colon ?? rest.endIndex)])
        place = colon.map { String(rest[rest.index(after: $0)...]) }
    }

    private static let optionNames: Set<String> = [
        "pid", "cpu", "frequency", "period", "map", "priority", "handle", "first", "last", "before", "after", "defragment",
    ]

    private static let kinds = [
        "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi", "ksyscall", "kretsyscall", "uprobe", "uretprobe", "usdt", "tracepoint",
        "raw_tracepoint", "tp_btf", "fentry", "fexit", "fmod_ret", "lsm", "lsm_cgroup", "perf_event", "iter", "socket", "xdp", "tc/ingress",
        "tc/egress", "tcx/ingress", "tcx/egress", "netfilter/…", "cgroup/…", "sk_lookup", "flow_dissector", "sk_msg", "sk_skb/…",
    ]

    mutating func target() throws(BPFError) -> AttachTarget {
        let parts = kind.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let variant = parts.count == 2 ? parts[1] : nil
        switch (parts.first ?? "", variant) {
        case ("kprobe", nil):
            let (function, offset) = try symbolAndOffset(needed("kprobe:FUNCTION"))
            return .kprobe(function: function, offset: offset)
        case ("kretprobe", nil): return .kretprobe(function: try needed("kretprobe:FUNCTION"))
        case ("kprobe.multi", nil): return .kprobeMulti(functions(try needed("kprobe.multi:PATTERN")))
        case ("kretprobe.multi", nil): return .kretprobeMulti(functions(try needed("kretprobe.multi:PATTERN")))
        case ("ksyscall", nil): return .ksyscall(name: try needed("ksyscall:NAME"))
        case ("kretsyscall", nil): return .kretsyscall(name: try needed("kretsyscall:NAME"))
        case ("uprobe", nil): return .uprobe(try codePlace(), pid: try process())
        case ("uretprobe", nil): return .uretprobe(try codePlace(), pid: try process())
        case ("usdt", nil): return try usdt()
        case ("tracepoint", nil), ("tp", nil):
            let names = try needed("tracepoint:CATEGORY/NAME").split(separator: "/", omittingEmptySubsequences: false)
            guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else { throw refused("a tracepoint is CATEGORY/NAME") }
            return .tracepoint(category: String(names[0]), name: String(names[1]))
        case ("raw_tracepoint", nil), ("raw_tp", nil): return .rawTracepoint(name: try needed("raw_tracepoint:NAME"))
        case ("tp_btf", nil): return .btfTracepoint(name: try needed("tp_btf:NAME"))
        case ("fentry", nil): return .fentry(function: try needed("fentry:FUNCTION"))
        case ("fexit", nil): return .fexit(function: try needed("fexit:FUNCTION"))
        case ("fmod_ret", nil): return .fmodRet(function: try needed("fmod_ret:FUNCTION"))
        case ("lsm", nil): return .lsm(hook: try needed("lsm:HOOK"))
        case ("lsm_cgroup", nil):
            let parts = try needed("lsm_cgroup:HOOK:PATH").split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw refused("it is lsm_cgroup:HOOK:PATH") }
            return .lsmCgroup(hook: String(parts[0]), path: String(parts[1]))
        case ("perf_event", nil): return .perfEvent(try perfSample())
        case ("iter", nil): return try iterator()
        case ("cgroup", let name?):
            guard let hook = CgroupHook(rawValue: name) else { throw unknown(name, CgroupHook.allCases.map(\.rawValue)) }
            return .cgroup(hook, path: try needed("cgroup/\(name):PATH"))
        case ("sk_lookup", nil): return .socketLookup(namespace: place)
        case ("flow_dissector", nil): return .flowDissector(namespace: place)
        case ("sk_msg", nil): return .socketMessage(map: try needed("sk_msg:PATH-OF-PINNED-MAP"))
        case ("sk_skb", let name?):
            guard let hook = SocketStreamHook(rawValue: name) else { throw unknown(name, SocketStreamHook.allCases.map(\.rawValue)) }
            return .socketStream(hook, map: try needed("sk_skb/\(name):PATH-OF-PINNED-MAP"))
        case (let kind, let variant): return try interfaceTarget(kind, variant)
        }
    }

    /// The kinds at interfaces and netfilter.
    private mutating func interfaceTarget(_ kind: String, _ variant: String?) throws(BPFError) -> AttachTarget {
        switch (kind, variant) {
        case ("socket", nil): return .packets(interface: try interface())
        case ("xdp", nil): return .xdp(interface: try interface())
        case ("xdp", let name?):
            guard let mode = XDPMode(rawValue: name) else { throw unknown(name, XDPMode.allCases.map(\.rawValue)) }
            return .xdp(interface: try interface(), mode: mode)
        case ("tc", let name?):
            let direction = try direction(name)
            return .tc(
                interface: try interface(), direction, priority: try number("priority") ?? 0, handle: try number("handle") ?? 0)
        case ("tcx", let name?):
            let direction = try direction(name)
            return .tcx(interface: try interface(), direction, order: try order())
        case ("netfilter", let name?):
            guard place == nil else { throw refused("netfilter hooks have no place: it is netfilter/ipv4/input") }
            let parts = name.split(separator: "/").map(String.init)
            guard parts.count == 2, let family = NetfilterHook.Family(rawValue: parts[0]),
                let point = NetfilterHook.Point(rawValue: parts[1])
            else {
                let families = NetfilterHook.Family.allCases
                throw unknown(name, families.flatMap { family in NetfilterHook.Point.allCases.map { "\(family.rawValue)/\($0.rawValue)" } })
            }
            return .netfilter(
                NetfilterHook(family, point, priority: try number("priority") ?? 0, defragments: try flag("defragment")))
        default: throw unknown(self.kind, Self.kinds)
        }
    }

    private mutating func usdt() throws(BPFError) -> AttachTarget {
        let parts = try needed("usdt:PATH:PROVIDER:NAME").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts.allSatisfy({ !$0.isEmpty }) else { throw refused("it is usdt:PATH:PROVIDER:NAME") }
        return .usdt(
            binary: parts.dropLast(2).joined(separator: ":"), provider: parts[parts.count - 2], name: parts[parts.count - 1],
            pid: try process())
    }

    private mutating func perfSample() throws(BPFError) -> PerfSample {
        let name = try needed("perf_event:EVENT")
        guard let event = PerfSample.Event(rawValue: name) else { throw unknown(name, PerfSample.Event.allCases.map(\.rawValue)) }
        var rate: PerfSample.Rate?
        if let count: UInt64 = try number("frequency") { rate = .frequency(count) }
        if let count: UInt64 = try number("period") {
            guard rate == nil else { throw refused("it has both a frequency and a period") }
            rate = .period(count)
        }
        guard let rate else {
            throw refused("how often is not said", remedy: "add frequency=99 (times a second) or period=1000000 (counts)")
        }
        return PerfSample(event, rate, pid: try process(), cpu: try number("cpu"))
    }

    private mutating func iterator() throws(BPFError) -> AttachTarget {
        let name = try needed("iter:KIND")
        if let pid: Int32 = try process() { return .iterator(of: name, over: .process(pid)) }
        if let path = option("map") { return .iterator(of: name, over: .map(path: path)) }
        return .iterator(of: name)
    }

    private mutating func order() throws(BPFError) -> TCXOrder {
        if try flag("first") { return .first }
        if try flag("last") { return .last }
        for (name, isBefore) in [("before", true), ("after", false)] {
            guard let value = option(name) else { continue }
            let parts = value.split(separator: ":")
            guard parts.count == 2, let id = UInt32(parts[1]) else { throw refused("\(name) is link:ID or program:ID") }
            switch parts[0] {
            case "link": return isBefore ? .before(link: id) : .after(link: id)
            case "program": return isBefore ? .beforeProgram(id) : .afterProgram(id)
            default: throw refused("\(name) is link:ID or program:ID")
            }
        }
        return .last
    }

    private func direction(_ name: String) throws(BPFError) -> TrafficDirection {
        guard let direction = TrafficDirection(rawValue: name) else { throw unknown(name, TrafficDirection.allCases.map(\.rawValue)) }
        return direction
    }

    private func interface() throws(BPFError) -> InterfaceReference {
        let name = try needed("\(kind):INTERFACE")
        return Int32(name).map { .index($0) } ?? .name(name)
    }

    private func functions(_ text: String) -> KernelFunctions {
        text.contains { $0 == "*" || $0 == "?" } ? .matching(text) : .named(text.split(separator: ",").map(String.init))
    }

    private func codePlace() throws(BPFError) -> CodePlace {
        let place = try needed("\(kind):PATH:SYMBOL")
        guard let colon = place.lastIndex(of: ":"), colon > place.startIndex, place.index(after: colon) < place.endIndex else {
            throw refused("it is \(kind):PATH:SYMBOL or \(kind):PATH:OFFSET")
        }
        let binary = String(place[..<colon])
        let location = String(place[place.index(after: colon)...])
        if let first = location.first, first.isNumber {
            guard let offset = Self.integer(location) else { throw refused("\(location) is no offset") }
            return CodePlace(binary, offset: offset)
        }
        let (symbol, offset) = try symbolAndOffset(location)
        return CodePlace(binary, symbol: symbol, offset: offset)
    }

    private func symbolAndOffset(_ text: String) throws(BPFError) -> (String, Int) {
        guard let plus = text.lastIndex(of: "+") else { return (text, 0) }
        let number = String(text[text.index(after: plus)...])
        guard plus > text.startIndex, let offset = Self.integer(number), offset >= 0 else { throw refused("\(number) is no offset") }
        return (String(text[..<plus]), offset)
    }

    /// Decimal or, with `0x` before it, hexadecimal.
    private static func integer(_ text: String) -> Int? {
        text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    private func needed(_ form: String) throws(BPFError) -> String {
        guard let place, !place.isEmpty else { throw refused("it names no place: it is \(form)") }
        return place
    }

    /// Takes an option out.
    private mutating func option(_ name: String) -> String? {
        guard let index = options.firstIndex(where: { $0.name == name }) else { return nil }
        return options.remove(at: index).value
    }

    /// Whether an option is there that has no value.
    private mutating func flag(_ name: String) throws(BPFError) -> Bool {
        guard let value = option(name) else { return false }
        guard value.isEmpty else { throw refused("\(name) takes no value, and has \(value)") }
        return true
    }

    /// The number of a process; no other than one there can be.
    private mutating func process() throws(BPFError) -> Int32? {
        guard let number: Int32 = try number("pid") else { return nil }
        guard number > 0 else { throw refused("pid=\(number) is no process") }
        return number
    }

    private mutating func number<Number: FixedWidthInteger>(_ name: String) throws(BPFError) -> Number? {
        guard let value = option(name) else { return nil }
        guard let number = Number(value) else { throw refused("\(name)=\(value) is no such number") }
        return number
    }

    func requireNoOptionLeft() throws(BPFError) {
        if let option = options.first { throw refused("\(kind) takes no option \(option.name), or takes it once") }
    }

    private func refused(_ reason: String, remedy: String? = nil) -> BPFError {
        BPFError(.read, "attach target \(text)", reason: reason, remedy: remedy)
    }

    private func unknown(_ name: String, _ known: [String]) -> BPFError {
        refused("there is no \(name)", remedy: "known are \(known.joined(separator: ", "))")
    }
}
