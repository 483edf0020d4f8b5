// DNS queries and answers by UDP, with the process that asked and the time the answer took.
//
// At a cgroup the packets of its sockets are seen, and the process is known; at an interface (tc) all that go by, forwarded ones too.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
import EBPF
import ProbeRecords

@used let license = License.gpl

let events = RingBuffer<dns_event>(bytes: 1 << 20)
let events_lost = PerCPUArray<UInt64>(entries: 1)
let counts = PerCPUArray<dns_counts>(entries: 1)

/// The servers' port.
let port = Setting<UInt16>(53)

/// The longest name there is.
let longestName = 255
/// Labels and records looked at in search of an answer's first address.
let mostSteps = 64

/// A query without its answer yet, as its client, or as its server, sees it.
struct Question {
    var client: IPv6Address
    var server: IPv6Address
    var clientPort: UInt16
    var id: UInt16
    /// Whether the answer is sent from here.
    var isServed: UInt32
}

struct Sender {
    var pid: UInt32 = 0
    var uid: UInt32 = 0
    var comm = FixedString<16>.empty
}

struct Asked {
    var time: UInt64
    var sender = Sender()
}

let questions = LRUHashMap<Question, Asked>(entries: 8192)

let processNumber = KernelField<UInt32>("task_struct", "tgid")
let threadName = KernelField<FixedString<16>>("task_struct", "comm")

/// A record while it is made. Not in the ring: verifiers before Linux 6.2 would look at all that is done with it there anew for each way
/// that leads to it.
struct Draft {
    var event: dns_event
    var isTaken: UInt64
}

/// A packet may come in while one on its way out is looked at, on the same processor.
let drafts = PerCPUArray<Draft>(entries: 2)

@inline(__always)
func takeDraft() -> MapValue<Draft>? {
    if let draft = drafts.lookup(0), draft.value.isTaken.exchange(1) == 0 { return draft }
    if let draft = drafts.lookup(1), draft.value.isTaken.exchange(1) == 0 { return draft }
    if let count = events_lost.lookup(0) { count.value.addAtomically(1) }
    return nil
}

/// The beginning of a message.
struct Header {
    var id: BigEndian<UInt16>
    var flags: BigEndian<UInt16>
    var questions: BigEndian<UInt16>
    var answers: BigEndian<UInt16>
    var authorities: BigEndian<UInt16>
    var additional: BigEndian<UInt16>

    var isAnswer: Bool { flags.value & 0x8000 != 0 }
    var isTruncated: Bool { flags.value & 0x0200 != 0 }
    var result: UInt8 { UInt8(truncatingIfNeeded: flags.value & 15) }
}

/// What stands behind a question's name.
struct Kind {
    var type: BigEndian<UInt16>
    var group: BigEndian<UInt16>
}

/// What stands behind an answer's name.
struct Answer {
    var type: BigEndian<UInt16>
    var group: BigEndian<UInt16>
    var timeToLive: (BigEndian<UInt16>, BigEndian<UInt16>)
    var length: BigEndian<UInt16>
}

/// A packet of UDP.
struct Segment {
    /// Where the transport header begins.
    var transport: Int
    /// Where the packet ends, its padding left off.
    var end: Int
    var source: IPv6Address
    var destination: IPv6Address
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0
}

/// Nothing for other protocols, later fragments, and what is cut short. IPv6 extension headers are not walked.
@inline(__always)
func segment(of packet: some SocketBufferContext, network: Int) -> Segment? {
    guard let header = packet.load(IPv4Header.self, at: network) else { return nil }
    var segment: Segment
    if header.version == 4 {
        guard header.protocol == .udp, header.fragmentOffset == 0 else { return nil }
        segment = Segment(
            transport: network &+ header.headerLength, end: network &+ Int(header.totalLength.value),
            source: IPv6Address(mapping: header.source), destination: IPv6Address(mapping: header.destination))
    } else {
        guard header.version == 6, let header = packet.load(IPv6Header.self, at: network), header.nextHeader == .udp else { return nil }
        segment = Segment(
            transport: network &+ IPv6Header.size, end: network &+ IPv6Header.size &+ Int(header.payloadLength.value),
            source: header.source, destination: header.destination)
    }
    // What segmentation offload has put together may be too long for the header to say.
    if segment.end > packet.count || segment.end <= segment.transport { segment.end = packet.count }
    guard let ports = packet.load(TransportPorts.self, at: segment.transport) else { return nil }
    segment.sourcePort = ports.source.value
    segment.destinationPort = ports.destination.value
    return segment
}

/// The process that sends, of a packet that leaves a socket at a cgroup: the call is still under way. The helpers that tell of the current
/// process are not for these programs before Linux 6.10.
@inline(__always)
func sender(of packet: some SocketBufferContext) -> Sender {
    let task = CurrentTask.structure
    var sender = Sender()
    sender.pid = task.read(processNumber) ?? 0
    task.readText(threadName, into: &sender.comm)
    sender.uid = packet.socketUser
    return sender
}

// The next two are functions of their own. What they count by lies in the draft's padding and is read anew each time: the verifier would
// follow each value of a register through all turns of a loop apart, and of this memory it knows nothing.

/// Turns a name of the wire, labels that begin with their length, into text with dots, in place; `padding.0` says how long it may be. The
/// length the name had, or 0 if this is no name.
@inline(never)
func decodeName(_ event: inout dns_event) -> UInt16 {
    // Letters left of the label, and the length of the name once it is known.
    event.padding.1 = 0
    event.padding.2 = 0
    for index in 0..<longestName {
        var byte = UInt8(bitPattern: event.name[index])
        if event.padding.2.reread() != 0 {
            byte = 0
        } else if index >= event.padding.0.reread() {
            return 0
        } else if event.padding.1.reread() != 0 {
            event.padding.1 &-= 1
        } else if byte == 0 {
            event.padding.2 = UInt16(truncatingIfNeeded: index &+ 1)
        } else if byte > 63 {
            return 0
        } else {
            event.padding.1 = UInt16(byte)
            byte = UInt8(ascii: ".")
        }
        if index > 0 { event.name[index &- 1] = CChar(bitPattern: byte) }
        // What lies behind was cleared before.
        if index >= event.padding.0.reread() { break }
    }
    event.name[longestName &- 1] = 0
    event.name[longestName] = 0
    return event.padding.2.reread()
}

/// Looks through the answers, from place `padding.0` in the packet on, for addresses: how many there are, and the first.
@inline(never)
func readAnswers(_ packet: some SocketBufferContext, _ event: inout dns_event) {
    event.padding.1 = event.answers
    for _ in 0..<mostSteps {
        guard event.padding.1.reread() != 0, let first = packet.load(UInt8.self, at: Int(event.padding.0.reread())) else { return }
        // A label of the record's name; anything else ends the name.
        if first != 0, first <= 63 {
            event.padding.0 &+= UInt16(first) &+ 1
            continue
        }
        event.padding.0 &+= first != 0 ? 2 : 1
        guard let answer = packet.load(Answer.self, at: Int(event.padding.0.reread())) else { return }
        event.padding.0 &+= 10
        if answer.type == 1, answer.length == 4 {
            if event.addresses.reread() == 0, let address = packet.load(IPv4Address.self, at: Int(event.padding.0.reread())) {
                event.answer_address = IPv6Address(mapping: address)
            }
            event.addresses &+= 1
        } else if answer.type == 28, answer.length == 16 {
            if event.addresses.reread() == 0, let address = packet.load(IPv6Address.self, at: Int(event.padding.0.reread())) {
                event.answer_address = address
            }
            event.addresses &+= 1
        }
        event.padding.0 &+= answer.length.value
        event.padding.1 &-= 1
    }
}

@inline(__always)
func countMalformed() {
    if let count = counts.lookup(0) { count.value.malformed.addAtomically(1) }
}

@inline(__always)
func message(_ packet: some SocketBufferContext, network: Int, _ direction: dns_direction, atSocket: Bool) {
    guard let segment = segment(of: packet, network: network) else { return }
    let serverPort = port.value
    guard segment.sourcePort == serverPort || segment.destinationPort == serverPort else { return }
    let at = segment.transport &+ UDPHeader.size
    guard let header = packet.load(Header.self, at: at), header.questions == 1 else { return countMalformed() }
    var asked = Asked(time: Clock.sinceBoot)
    if direction == .SENT, atSocket { asked.sender = sender(of: packet) }
    let isAnswer = header.isAnswer
    if let count = counts.lookup(0) {
        if isAnswer { count.value.answers.addAtomically(1) } else { count.value.queries.addAtomically(1) }
    }
    let question = Question(
        client: isAnswer ? segment.destination : segment.source, server: isAnswer ? segment.source : segment.destination,
        clientPort: isAnswer ? segment.destinationPort : segment.sourcePort, id: header.id.value,
        isServed: (direction == .SENT) == isAnswer ? 1 : 0)
    let now = asked.time
    var duration: UInt64 = 0
    if !isAnswer {
        questions.set(asked, for: question)
    } else if let known = questions.take(question) {
        duration = now &- known.time
        asked.sender = known.sender
    }
    guard let draft = takeDraft() else { return }
    clear(&draft.value.event)
    draft.value.event.time = now
    draft.value.event.duration_ns = duration
    draft.value.event.pid = asked.sender.pid
    draft.value.event.uid = asked.sender.uid
    draft.value.event.comm = asked.sender.comm
    draft.value.event.kind = isAnswer ? .ANSWER : .QUERY
    draft.value.event.direction = direction
    draft.value.event.id = question.id
    draft.value.event.truncated = header.isTruncated
    draft.value.event.client_port = question.clientPort
    draft.value.event.server_port = isAnswer ? segment.sourcePort : segment.destinationPort
    draft.value.event.client_address = question.client
    draft.value.event.server_address = question.server
    if isAnswer {
        draft.value.event.result_number = header.result
        draft.value.event.answers = header.answers.value
    }
    draft.value.event.padding.0 = UInt16(truncatingIfNeeded: at &+ 12)
    draft.value.event.padding.1 = UInt16(truncatingIfNeeded: segment.end)
    // All that was learnt lies in the draft now, so that what follows is verified once, and not for each way that leads here.
    if read(packet, &draft.value.event) {
        events.send(copyOf: &draft.value.event, countingLossIn: events_lost)
    } else {
        countMalformed()
    }
    draft.value.isTaken = 0
}

/// Reads what follows a message's header, from place `padding.0` in the packet to place `padding.1`. Whether that is DNS.
@inline(__always)
func read(_ packet: some SocketBufferContext, _ event: inout dns_event) -> Bool {
    let start = Int(event.padding.0.reread())
    var length = Int(event.padding.1.reread()) &- start
    if length > longestName { length = longestName }
    guard packet.load(length, at: start, into: &event.name) else { return false }
    event.padding.0 = UInt16(truncatingIfNeeded: length)
    let nameLength = Int(decodeName(&event))
    guard nameLength != 0, let kind = packet.load(Kind.self, at: start &+ nameLength) else { return false }
    event.type_number = kind.type.value
    event.type = dns_type(rawValue: event.type_number) ?? .OTHER
    if event.kind == .ANSWER {
        event.result = dns_result(rawValue: event.result_number) ?? .OTHER
        event.padding.0 = UInt16(truncatingIfNeeded: start &+ nameLength &+ 4)
        readAnswers(packet, &event)
    }
    event.padding = (0, 0, 0)
    return true
}

@section("cgroup_skb/egress") @used
func dns_sent(_ packet: CgroupPacketContext) -> CgroupVerdict {
    message(packet, network: 0, .SENT, atSocket: true)
    return .allow
}

@section("cgroup_skb/ingress") @used
func dns_received(_ packet: CgroupPacketContext) -> CgroupVerdict {
    message(packet, network: 0, .RECEIVED, atSocket: true)
    return .allow
}

@section("tc") @used
func dns_egress(_ packet: TCContext) -> TCAction {
    message(packet, network: EthernetHeader.size, .SENT, atSocket: false)
    return .next
}

@section("tc") @used
func dns_ingress(_ packet: TCContext) -> TCAction {
    message(packet, network: EthernetHeader.size, .RECEIVED, atSocket: false)
    return .next
}
