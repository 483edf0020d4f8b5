internal import CEBPF

/// Events to user space, in order, from all processors.
///
///     let events = RingBuffer<Connection>(bytes: 1 << 16)
///
///     events.send(Connection(port: port))                    // made whole, then sent
///     if var event = events.reserve() {                      // made where it lies in the ring
///         CurrentTask.readName(into: &event.value.name)
///         event.submit()
///     }
///
/// `BPF.RingBuffer` reads them. Requires Linux 5.8.
public struct RingBuffer<Event: BitwiseCopyable>: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter bytes: The ring's size, a power of two and a multiple of the size of a page.
    @inline(__always)
    public init(bytes: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(kind: 27, entries: bytes, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Room for an event, or nothing if the reader is behind by the whole ring: count that.
    ///
    /// - Parameter clearing: Whether all its bytes are zero. Without that, old events lie in what the program does not fill in, so leave it
    ///   out only where everything is. Zeros that are written over cost nothing, but the compiler does not see what helpers write.
    /// The helper is `bpf_ringbuf_reserve`.
    @inline(__always)
    public func reserve(clearing: Bool = true) -> Reservation<Event>? {
        let size = UInt64(truncatingIfNeeded: MemoryLayout<Event>.size)
        guard let place = unsafe ebpf_ringbuf_reserve(address, size, 0) else { return nil }
        if clearing { unsafe ebpf_zero_words(place, size) }
        return unsafe Reservation(place.assumingMemoryBound(to: Event.self))
    }

    /// Sends an event; says whether there was room.
    @inline(__always)
    @discardableResult
    public func send(_ event: @autoclosure () -> Event, wakeUp: WakeUp = .automatic) -> Bool {
        guard let reservation = reserve() else { return false }
        reservation.set(event())
        reservation.submit(wakeUp: wakeUp)
        return true
    }

    /// How many bytes the reader has not read yet.
    ///
    /// The helper is `bpf_ringbuf_query`.
    @inline(__always)
    public var unreadBytes: UInt64 { unsafe ebpf_ringbuf_query(address, 0) }
}

/// Room for one event in a ring, which goes to the reader by ``submit(wakeUp:)`` and is given back otherwise.
@safe
@frozen
public struct Reservation<Event: BitwiseCopyable>: ~Copyable {
    private let place: UnsafeMutablePointer<Event>

    @inline(__always)
    @unsafe
    init(_ place: UnsafeMutablePointer<Event>) { unsafe self.place = place }

    /// The event as it lies in the ring.
    @inline(__always)
    public var value: Event {
        @inline(__always)
        _read { yield unsafe place.pointee }
        @inline(__always)
        nonmutating _modify { yield unsafe &place.pointee }
    }

    @inline(__always)
    func set(_ event: Event) { unsafe place.pointee = event }

    /// Sends the event.
    ///
    /// The helper is `bpf_ringbuf_submit`.
    @inline(__always)
    public consuming func submit(wakeUp: WakeUp = .automatic) {
        unsafe ebpf_ringbuf_submit(place, wakeUp.rawValue)
        discard self
    }

    /// Gives the room back. Letting go of the reservation does the same.
    ///
    /// The helper is `bpf_ringbuf_discard`.
    @inline(__always)
    public consuming func cancel() {
        unsafe ebpf_ringbuf_discard(place, 0)
        discard self
    }

    @inline(__always)
    deinit { unsafe ebpf_ringbuf_discard(place, 0) }
}

/// Whether an event wakes its reader.
public struct WakeUp: BitwiseCopyable, Sendable {
    let rawValue: UInt64

    @inline(__always)
    init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// If the reader has read all that came before.
    @inline(__always)
    public static var automatic: WakeUp { WakeUp(0) }
    /// Never: the reader looks by itself (`BPF_RB_NO_WAKEUP`).
    @inline(__always)
    public static var never: WakeUp { WakeUp(1) }
    /// In any case (`BPF_RB_FORCE_WAKEUP`).
    @inline(__always)
    public static var always: WakeUp { WakeUp(2) }
}
