internal import CLibBPF
private import Glibc

/// The consuming side of a ring buffer's memory: the two positions, and a window of the records.
///
/// libbpf's ring buffer maps all of the ring, twice in a row, and all of that counts as memory of the process for as long as it is open: 8 MiB
/// for a ring of 4. This one has as much of it mapped as it is reading. What it does is what `ringbuf_process_ring` of libbpf does
/// (src/ringbuf.c). One consumer at a time may use it.
@safe struct RingMemory: ~Copyable {
    /// Bytes of the ring that are mapped at a time, unless a record needs more.
    private static let windowBytes = 512 << 10
    /// What lies before a record: its length with two flags, and its place for the kernel.
    private static let headerBytes = 8
    private static let busy = UInt32(1) << 31
    private static let discarded = UInt32(1) << 30

    private let map: CInt
    private let size: Int
    private let subject: String
    private let consumer: MappedMemory
    private let producer: MappedMemory
    private var window: MappedMemory?
    /// The bytes of the window, counted from the ring's first; behind the last the ring begins again, once.
    private var windowRange = 0..<0

    init(map: CInt, size: Int, subject: String) throws(BPFError) {
        let consumer = try MappedMemory(descriptor: map, length: Self.page, subject: subject)
        let producer = try MappedMemory(descriptor: map, offset: Self.page, length: Self.page, isWritable: false, subject: subject)
        self.map = map
        self.size = size
        self.subject = subject
        self.consumer = consumer
        self.producer = producer
        window = nil
    }

    private static var page: Int { Int(sysconf(Int32(_SC_PAGESIZE))) }

    /// Gives records to a closure, oldest first, until there are none or it says that it wants no more. A record it was given is consumed.
    mutating func consume(_ body: (_ record: UnsafeRawPointer, _ length: Int) -> Bool) throws(BPFError) {
        var position = unsafe swiftbpf_load_acquire_64(consumer.base)
        // The records of one round may be followed by others by the time it ends.
        while true {
            let end = unsafe swiftbpf_load_acquire_64(producer.base)
            guard position < end else { return }
            while position < end {
                let place = Int(truncatingIfNeeded: position) & (size - 1)
                try show(place..<place + Self.headerBytes)
                guard let base = unsafe window?.base else { return }
                let header = unsafe swiftbpf_load_acquire_32(base + (place - windowRange.lowerBound))
                // Reserved, and still being written.
                if header & Self.busy != 0 { return }
                let length = Int(header & ~(Self.busy | Self.discarded))
                let whole = (length + Self.headerBytes + 7) & ~7
                var wantsMore = true
                if header & Self.discarded == 0 {
                    try show(place..<place + whole)
                    guard let base = unsafe window?.base else { return }
                    wantsMore = unsafe body(base + (place - windowRange.lowerBound + Self.headerBytes), length)
                }
                position += UInt64(whole)
                unsafe swiftbpf_store_release_64(consumer.base, position)
                guard wantsMore else { return }
            }
        }
    }

    /// Has a part of the ring in the window.
    private mutating func show(_ range: Range<Int>) throws(BPFError) {
        if windowRange.lowerBound <= range.lowerBound, range.upperBound <= windowRange.upperBound { return }
        let page = Self.page
        let start = range.lowerBound / page * page
        let end = min(max(start + Self.windowBytes, (range.upperBound + page - 1) / page * page), 2 * size)
        window = nil
        windowRange = 0..<0
        // Behind the pages of the two positions.
        window = try MappedMemory(
            descriptor: map, offset: 2 * page + start, length: end - start, isWritable: false, subject: subject)
        windowRange = start..<end
    }
}
