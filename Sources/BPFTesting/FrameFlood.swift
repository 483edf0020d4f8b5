import CLibBPF
import Glibc
import Synchronization

/// Frames with ascending numbers, sent in turn by one thread on one processor, as fast as it can: their receiver judges them in order.
///
///     let flood = try peer.run { () throws(TestingError) in
///         try FrameFlood(interface: "eth0", frames: [(bytes: frame, numberAt: 46)], processor: 0)
///     }
///     flood.start()
///     …
///     let sent = flood.stop()
public final class FrameFlood: Sendable {
    /// A frame, and where its number is written: 32 bits, in the byte order of the machine.
    public typealias Frame = (bytes: [UInt8], numberAt: Int)

    private let socket: PacketSocket
    private let frames: [Frame]
    private let processor: UInt32
    private let limit: UInt32
    private let done = Atomic<UInt32>(0)
    private let isStopped = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(true)

    /// - Parameters:
    ///   - frames: Frame `n` of the flood is number `n` modulo their count of these.
    ///   - processor: Where to send; one that is not there is taken modulo those that are.
    ///   - limit: How many at most.
    public init(interface: String, frames: [Frame], processor: Int, limit: UInt32 = .max) throws(TestingError) {
        socket = try PacketSocket(interface: interface)
        self.frames = frames
        self.processor = UInt32(processor % max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        self.limit = limit
    }

    /// How many have been sent.
    public var sent: UInt32 { done.load(ordering: .acquiring) }

    /// Begins to send, on a thread of its own.
    public func start() {
        isOver.store(false, ordering: .releasing)
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let started = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<FrameFlood>.fromOpaque(context).takeRetainedValue().send() }
                return nil
            }, context)
        precondition(started == 0, "no thread could be started")
        pthread_detach(thread)
    }

    private func send() {
        swiftbpf_stay_on_cpu(processor)
        var frames = frames
        var turn = 0
        for number in 0..<limit {
            if isStopped.load(ordering: .relaxed) { break }
            let place = frames[turn].numberAt
            unsafe frames[turn].bytes.withUnsafeMutableBytes { unsafe $0.storeBytes(of: number, toByteOffset: place, as: UInt32.self) }
            try? socket.send(frames[turn].bytes)
            done.store(number + 1, ordering: .releasing)
            turn = turn + 1 == frames.count ? 0 : turn + 1
        }
        isOver.store(true, ordering: .releasing)
    }

    /// Ends it and says how many were sent.
    @discardableResult
    public func stop() -> UInt32 {
        isStopped.store(true, ordering: .relaxed)
        for _ in 0..<10_000 where !isOver.load(ordering: .acquiring) { usleep(1_000) }
        return sent
    }
}
