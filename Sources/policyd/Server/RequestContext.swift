import Hummingbird
import Logging
import NIOCore

/// What a handler knows beside the request: the connection it came by.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Set by ``PeerCheck`` before any handler runs.
    var peer: PeerCredentials?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
