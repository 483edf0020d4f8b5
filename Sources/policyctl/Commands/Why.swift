import ArgumentParser
import Datapath
import PolicyAPI
import PolicyModel

/// `policyctl why`
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what happens to a packet, by which rule, and why no rule before it matched.",
        discussion: """
            Without -f the packet is judged by what is in force, with -f by the documents alone. All engines are asked: reference (rule \
            after rule), compiled (the kernel's look-up in user space) and kernel (the program itself, under test-run). They always \
            agree; if they do not, that is a bug, and the exit code is 1. Connections are not considered: the packet is the first of \
            its own.
            """)

    @OptionGroup var files: FileOptions
    @OptionGroup var packet: PacketOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A file of packets, one JSON object a line, '-' is standard input; or a capture, pcap or pcapng, with --interface and \
            --direction or --local.
            """, valueName: "FILE"))
    var packets: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Of a capture: the host's own addresses; what comes from them leaves.", valueName: "ADDRESS"))
    var local: [String] = []

    @Option(name: .long, help: ArgumentHelp("Which engines to ask, with commas between: reference, compiled, kernel.", valueName: "NAMES"))
    var engine: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var color: ColorOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        _ = try engines()
        if packets != nil, packet.describesPacket { throw ValidationError("give --packets or one packet by its options, not both") }
        if packets == nil, !local.isEmpty { throw ValidationError("--local goes with --packets and a capture") }
        _ = try localPrefixes()
        if packets == nil { _ = try packet.packet() }
    }

    private func localPrefixes() throws -> [CIDR] {
        try local.map { text in
            guard let prefix = CIDR(text) else { throw ValidationError("--local: '\(text)' is no address or prefix") }
            return prefix
        }
    }

    /// The engines that were named; nil for all that are there.
    func engines() throws -> [Engine]? {
        guard let engine else { return nil }
        return try engine.split(separator: ",").map { name in
            guard let engine = Engine(rawValue: String(name)) else {
                throw ValidationError("--engine: '\(name)' is none of reference, compiled, kernel")
            }
            return engine
        }
    }

    func run() async throws {
        let judge = try await judge()
        if let packets {
            if let capture = CaptureFile(path: packets) {
                try await judgeAll(try contents(of: capture, path: packets), judge)
                return
            }
            if packet.isGiven || !local.isEmpty { throw ValidationError("--direction, --interface and --local go with captures alone") }
            let lines = PacketLines(path: packets)
            guard lines.diagnostics.isEmpty else { throw refuse(Diagnostics(lines.diagnostics), "no packet was judged") }
            try await judgeAll(lines.packets.map { .packet($0) }, judge)
        } else {
            let packet = try packet.packet()
            let answer = try await judge.ask([packet])
            let differences = answer.differences([packet])
            try format.output.print(answer) { WhyText(answer, color.palette).text }
            try Self.report(differences)
        }
    }

    private func judge() async throws -> any Judge {
        guard !files.files.isEmpty else { return DaemonJudge(client: daemon.client, engines: try engines()) }
        let loaded = DocumentLoader.load(paths: files.files)
        do throws(Diagnostics) {
            return OfflineJudge(policySet: try loaded.policySet(), engines: (try? engines()) ?? nil)
        } catch {
            throw refuse(error, "no packet was judged")
        }
    }

    /// The packets of a capture; all that is wrong with it is thrown.
    private func contents(of capture: CaptureFile, path: String) throws -> [CapturedPackets.Content] {
        guard capture.diagnostics.isEmpty else { throw refuse(Diagnostics(capture.diagnostics), "no packet was judged") }
        guard let interface = packet.interface else { throw ValidationError("--interface is missing: a capture does not tell it") }
        let direction = try packet.givenDirection()
        let sides = CapturedPackets.Sides(direction: direction, local: try localPrefixes(), interface: interface)
        let packets = CapturedPackets(capture, sides: sides)
        if let first = packets.undirected.first {
            let reason = "cannot tell which way \(Shown.counted(packets.undirected.count, "packet")) went, the first is number \(first)"
            let remedy = "; give --direction, or the host's addresses with --local"
            throw refuse(Diagnostics([Diagnostic(at: SourceLocation(file: path), reason + remedy)]), "no packet was judged")
        }
        return packets.contents
    }

    /// One verdict a line, in the order of the packets.
    private func judgeAll(_ contents: [CapturedPackets.Content], _ judge: any Judge) async throws {
        var differences: [String] = []
        // Pieces large enough for the engines to set up once for many, and small enough for a request.
        let piece = 16_384
        for begin in stride(from: 0, to: contents.count, by: piece) {
            let some = contents[begin..<min(begin + piece, contents.count)]
            let places = some.indices.filter { if case .packet = contents[$0] { true } else { false } }
            let packets = places.compactMap { if case .packet(let packet) = contents[$0] { packet } else { nil } }
            let answer = packets.isEmpty ? nil : try await judge.ask(packets)
            var verdicts = zip(packets, answer?.verdicts.first?.verdicts ?? []).makeIterator()
            var text = ""
            for content in some {
                switch content {
                case .packet:
                    guard let (packet, verdict) = verdicts.next() else { continue }
                    text += format.output == .table ? WhyText.line(packet, verdict) : verdict.jsonLine
                case .decided(let action, let reason):
                    text += format.output == .table ? WhyText.line(action, reason) : WhyText.jsonLine(action, reason)
                }
                text += "\n"
            }
            Output.write(text)
            differences += answer?.differences(packets, at: places) ?? []
        }
        try Self.report(differences)
    }

    /// Engines that do not agree are a bug of ours, and said to be one.
    static func report(_ differences: [String]) throws {
        guard !differences.isEmpty else { return }
        for difference in differences.prefix(100) { complain(difference) }
        throw CommandFailure(
            .refused,
            "BUG: the engines differ on \(Shown.counted(differences.count, "packet")); please report this with the policy, the packets and the lines above"
        )
    }
}

extension WhyAnswer {
    /// The packets on which the engines do not agree, in words.
    ///
    /// - Parameter places: Where each packet stands among all, from 0; without it they are all.
    func differences(_ packets: [Packet], at places: [Int]? = nil) -> [String] {
        guard let base = verdicts.first else { return [] }
        return packets.indices.compactMap { index in
            let all = verdicts.compactMap { $0.verdicts.indices.contains(index) ? ($0.engine, $0.verdicts[index]) : nil }
            guard all.count != verdicts.count || !all.allSatisfy({ $0.1.agrees(with: base.verdicts[index]) }) else { return nil }
            let sayings = all.map { "\($0.rawValue) says \($1.shown)" }.joined(separator: ", ")
            return "packet \((places?[index] ?? index) + 1) \(packets[index].jsonLine): \(sayings)"
        }
    }
}

extension VerdictMessage {
    /// `deny by web/rest`
    var shown: String {
        guard let policy, let rule else { return "\(verdict.rawValue) by no rule" }
        return "\(verdict.rawValue) by \(policy)/\(rule)"
    }

    /// The answer to a line of packets: verdict, policy, rule and tier.
    var jsonLine: String {
        Verdict(action: verdict, policy: policy, rule: rule, tier: tier).jsonLine
    }
}
