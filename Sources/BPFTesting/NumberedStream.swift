import CLibBPF
import Glibc
import Synchronization

/// Datagrams with ascending numbers, sent to several ports in turn by one thread on one processor, so that they are judged in order.
///
///     let stream = try peer.run { () throws(TestingError) in
///         try NumberedStream(from: "192.0.2.2", to: "192.0.2.1", ports: [7001, 7002], count: 100_000)
///     }
///     stream.start()
///     …
///     #expect(stream.finish(seconds: 30) == 100_000)
public final class NumberedStream: Sendable {
    private let socket: TestSocket
    private let destinations: [TestSocket.Destination]
    private let count: UInt32
    private let perMillisecond: Int
    private let done = Atomic<UInt32>(0)
    private let isStopped = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(false)

    /// - Parameters:
    ///   - sourcePort: The port to send from; 0 has the kernel choose it.
    ///   - count: How many at most.
    ///   - perMillisecond: How many in a row; then the thread sleeps a millisecond.
    public init(
        from source: String, sourcePort: UInt16 = 0, to destination: String, ports: [UInt16], count: UInt32, perMillisecond: Int = 50
    ) throws(TestingError) {
        socket = try TestSocket.bound(.udp, source, port: sourcePort)
        var destinations: [TestSocket.Destination] = []
        for port in ports { destinations.append(try TestSocket.Destination(destination, port: port)) }
        self.destinations = destinations
        self.count = count
        self.perMillisecond = perMillisecond
    }

    /// How many have been sent.
    public var sent: UInt32 { done.load(ordering: .acquiring) }

    /// Begins to send, on a thread of its own.
    public func start() {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let started = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<NumberedStream>.fromOpaque(context).takeRetainedValue().send() }
                return nil
            }, context)
        precondition(started == 0, "no thread could be started")
        pthread_detach(thread)
    }

    private func send() {
        // A packet handed to another processor's queue might overtake the one before it.
        swiftbpf_stay_on_this_cpu()
        for number in 0..<count where !isStopped.load(ordering: .relaxed) {
            var text = number.bigEndian
            // A datagram that a program drops on its way out is a failure to the sender, and sent as far as we are concerned.
            unsafe destinations[Int(number) % destinations.count].send(&text, MemoryLayout<UInt32>.size, by: socket)
            done.store(number + 1, ordering: .releasing)
            if Int(number) % perMillisecond == perMillisecond - 1 { usleep(1_000) }
        }
        isOver.store(true, ordering: .releasing)
    }

    /// Waits until all are sent and says how many there were; nil if they are not within the time.
    public func finish(seconds: Double) -> UInt32? {
        for _ in 0..<Int(seconds * 1000) where !isOver.load(ordering: .acquiring) { usleep(1_000) }
        return isOver.load(ordering: .acquiring) ? sent : nil
    }

    /// Ends it early and says how many were sent.
    public func stop() -> UInt32 {
        isStopped.store(true, ordering: .relaxed)
        return finish(seconds: 10) ?? sent
    }
}

/// Keeps the numbers of the datagrams that arrive at a port, in a buffer that holds some hundred thousand.
public final class NumberedReceiver: Sendable {
    private let socket: TestSocket

    /// Needs root, for the size of the buffer.
    public init(_ address: String, port: UInt16) throws(TestingError) {
        socket = try TestSocket.bound(.udp, address, port: port)
        var size: CInt = 256 << 20
        guard unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            throw TestingError("the receive buffer cannot be made larger", errno: errno)
        }
    }

    /// The numbers that have arrived, in their order, and takes them out of the buffer.
    public func drain() -> [UInt32] {
        var numbers: [UInt32] = []
        var number: UInt32 = 0
        while unsafe recv(socket.descriptor, &number, MemoryLayout<UInt32>.size, CInt(MSG_DONTWAIT)) == MemoryLayout<UInt32>.size {
            numbers.append(UInt32(bigEndian: number))
        }
        return numbers
    }
}

extension TestSocket {
    /// An address and port to send to, made once for many datagrams.
    struct Destination: Sendable {
        private var address = sockaddr_in6()
        private var length: socklen_t

        init(_ text: String, port: UInt16) throws(TestingError) {
            length = 0
            var made = sockaddr_in6()
            var size: socklen_t = 0
            _ = try unsafe TestSocket.withAddress(text, port) { address, count in
                unsafe withUnsafeMutableBytes(of: &made) {
                    unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(count)))
                }
                size = count
                return 0
            }
            address = made
            length = size
        }

        @discardableResult
        func send(_ bytes: UnsafeRawPointer, _ count: Int, by socket: TestSocket) -> Bool {
            unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe sendto(socket.descriptor, bytes, count, CInt(MSG_NOSIGNAL), $0, length) == count
                }
            }
        }
    }
}
