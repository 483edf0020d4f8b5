import CLibBPF
import Glibc

extension ClassicTC {
    /// All filters of a hook in the order they run, whoever attached them; foreign ones of other kinds than eBPF have program number 0.
    ///
    /// None without the qdisc. libbpf has no such call: it is a netlink dump (RTM_GETTFILTER).
    public func filters(_ direction: TrafficDirection) throws(BPFError) -> [Filter] {
        let subject = "clsact \(direction.rawValue) of interface \(interface)"
        let socket = Descriptor(
            adopting: try system(.query, subject) {
                Glibc.socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), CInt(NETLINK_ROUTE))
            })
        var request = swiftbpf_tc_dump()
        request.header.nlmsg_len = UInt32(MemoryLayout<swiftbpf_tc_dump>.size)
        request.header.nlmsg_type = UInt16(RTM_GETTFILTER)
        request.header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
        request.message.tcm_family = UInt8(AF_UNSPEC)
        request.message.tcm_ifindex = interface
        // TC_H_CLSACT with the minor number of the hook.
        request.message.tcm_parent = direction == .ingress ? 0xffff_fff2 : 0xffff_fff3
        let length = MemoryLayout<swiftbpf_tc_dump>.size
        try system(.query, subject) { unsafe send(socket.rawValue, &request, length, 0) == length ? 0 : -1 }

        var found: [Filter] = []
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            let count = unsafe recv(socket.rawValue, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BPFError(.query, subject, errno: errno) }
            let bytes = unsafe buffer.span.bytes.extracting(0..<count)
            var messages = NetlinkMessages(bytes.byteCount)
            while let message = messages.next(in: bytes) {
                if message.type == UInt16(NLMSG_DONE) { return found.sorted { ($0.priority, $0.handle) < ($1.priority, $1.handle) } }
                if message.type == UInt16(NLMSG_ERROR) {
                    let number = -bytes.load(at: message.body.lowerBound, as: Int32.self)
                    // EINVAL is what the kernel says when there is no qdisc, and ENODEV without the interface.
                    if number == EINVAL || number == ENODEV { return [] }
                    throw BPFError(.query, subject, errno: number)
                }
                if message.type == UInt16(RTM_NEWTFILTER), let filter = filter(direction, in: bytes, message.body) { found.append(filter) }
            }
        }
    }

    /// One filter of the dump; the kernel also sends a head without a handle for each priority, which is none.
    private func filter(_ direction: TrafficDirection, in bytes: borrowing RawSpan, _ body: Range<Int>) -> Filter? {
        let headerSize = MemoryLayout<tcmsg>.size
        guard body.count >= headerSize else { return nil }
        let handle = bytes.load(at: body.lowerBound + 8, as: UInt32.self)
        let info = bytes.load(at: body.lowerBound + 16, as: UInt32.self)
        guard handle != 0 else { return nil }
        var program: UInt32 = 0
        var name: String?
        var attributes = NetlinkAttributes(body.lowerBound + headerSize..<body.upperBound)
        while let attribute = attributes.next(in: bytes) {
            guard attribute.type == UInt16(TCA_OPTIONS) else { continue }
            var options = NetlinkAttributes(attribute.value)
            while let option = options.next(in: bytes) {
                if option.type == UInt16(TCA_BPF_ID), option.value.count >= 4 {
                    program = bytes.load(at: option.value.lowerBound, as: UInt32.self)
                } else if option.type == UInt16(TCA_BPF_NAME) {
                    let text = option.value.map { bytes.load(at: $0, as: UInt8.self) }
                    name = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
                }
            }
        }
        return Filter(direction: direction, priority: UInt16(info >> 16), handle: handle, programID: program, name: name)
    }
}

/// Walks the messages in what a netlink socket gave.
private struct NetlinkMessages {
    private var position = 0
    private let end: Int

    init(_ end: Int) { self.end = end }

    mutating func next(in bytes: borrowing RawSpan) -> (type: UInt16, body: Range<Int>)? {
        guard position + 16 <= end else { return nil }
        let length = Int(bytes.load(at: position, as: UInt32.self))
        guard length >= 16, position + length <= end else { return nil }
        defer { position += (length + 3) & ~3 }
        return (bytes.load(at: position + 4, as: UInt16.self), position + 16..<position + length)
    }
}

/// Walks the attributes in a part of a netlink message.
private struct NetlinkAttributes {
    private var position: Int
    private let end: Int

    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    mutating func next(in bytes: borrowing RawSpan) -> (type: UInt16, value: Range<Int>)? {
        guard position + 4 <= end else { return nil }
        let length = Int(bytes.load(at: position, as: UInt16.self))
        guard length >= 4, position + length <= end else { return nil }
        defer { position += (length + 3) & ~3 }
        // The two high bits say nested and byte order.
        return (bytes.load(at: position + 2, as: UInt16.self) & 0x3fff, position + 4..<position + length)
    }
}

extension RawSpan {
    fileprivate func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self)
    }
}
