internal import PolicyModel

/// Where packets that the first rules deny are dropped early, by XDP.
public enum EarlyDrop: String, Sendable, Hashable, Codable, CaseIterable {
    /// In the driver, before the kernel has made a packet of the frame. Not every driver can.
    case native
    /// In the kernel's own receive path, at every interface.
    case generic
}

/// Which interfaces have early drop. Those that neither list chooses have none, and where both do, `native` counts.
public struct EarlyDropSelection: Sendable, Hashable {
    private let native: InterfaceSelector?
    private let generic: InterfaceSelector?

    /// No interface.
    public static let none = EarlyDropSelection()

    /// The interfaces that globs choose, `!` in front taking away; an empty list chooses none.
    public init(native: [String] = [], generic: [String] = []) {
        self.native = native.isEmpty ? nil : InterfaceSelector(patterns: native)
        self.generic = generic.isEmpty ? nil : InterfaceSelector(patterns: generic)
    }

    /// What an interface has by its name.
    public func mode(_ interface: String) -> EarlyDrop? {
        if native?.matches(interface) ?? false { return .native }
        return generic?.matches(interface) ?? false ? .generic : nil
    }
}
