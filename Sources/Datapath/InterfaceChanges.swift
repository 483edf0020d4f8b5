private import Dispatch
private import Glibc

/// Tells that interfaces appeared, vanished or changed.
final class InterfaceChanges: Sendable {
    private let socket: NetlinkSocket

    init() throws(DatapathError) {
        socket = try NetlinkSocket(groups: NetlinkSocket.linkChanges)
    }

    /// An element for each burst of changes; ends when the task that reads it is cancelled.
    func stream() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Cancelling is safe from any thread (dispatch_source_cancel(3)).
            nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: .global())
            // Holds the socket for as long as the source may look at it.
            unsafe source.setEventHandler { @Sendable [self] in
                socket.drain()
                continuation.yield()
            }
            continuation.onTermination = { _ in unsafe source.cancel() }
            unsafe source.activate()
        }
    }
}
