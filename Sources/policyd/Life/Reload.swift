import FoundationEssentials
import Logging
import ServiceLifecycle
import UnixSignals

/// SIGHUP: reads `policyd.yaml` again.
///
/// Level and format of the log, the interfaces, where they drop early, the policy folder, the number of connections and their time-outs
/// change at once; for the rest the daemon has to be restarted, and
/// the log says so. Policies are not applied: that is what `policyctl apply` is for.
struct Reload: Service, CustomStringConvertible {
    var description: String { "reload" }

    let flags: ConfigurationFlags
    let settings: LogSettings
    let live: LiveConfiguration
    let interfaces: InterfaceWatch
    let notification: ServiceNotification
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            notification.reloading()
            await reload()
            notification.ready(status: interfaces.statusLine)
        }
    }

    func reload() async {
        let old = live.current
        let new: Configuration
        do {
            new = try flags.configuration()
        } catch {
            logger.error("the configuration is not read again: \(error)")
            return
        }
        settings.level = new.log.level
        settings.format = new.log.format
        var now = old
        now.log = new.log
        now.interfaces = new.interfaces
        now.xdp = new.xdp
        now.policies = new.policies
        now.limits.connections = new.limits.connections
        now.timeouts = new.timeouts
        live.current = now
        logger.info("configuration read again")
        if now != new {
            logger.warning("some settings take a restart", metadata: ["settings": "\(Self.changed(now, new).joined(separator: ","))"])
        }
        do {
            try await interfaces.synchronize()
        } catch {
            logger.error("interfaces stay as they were: \(error)")
        }
        // It fails only while the daemon stops.
        try? await interfaces.enforcer.serially { [interfaces] in interfaces.enforcer.applyConnectionSettings() }
    }

    /// The settings in which two configurations differ.
    static func changed(_ a: Configuration, _ b: Configuration) -> [String] {
        var names: [String] = []
        if a.socket != b.socket { names.append("socket") }
        if a.socketGroup != b.socketGroup { names.append("socketGroup") }
        if a.stateDirectory != b.stateDirectory { names.append("stateDirectory") }
        if a.bpffs != b.bpffs { names.append("bpffs") }
        if a.attach != b.attach { names.append("attach") }
        if a.limits.rules != b.limits.rules { names.append("limits.rules") }
        if a.events != b.events { names.append("events") }
        return names
    }
}
