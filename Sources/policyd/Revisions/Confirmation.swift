import PolicyAPI

/// A revision that is withdrawn unless somebody confirms it in time, as the state folder keeps it.
///
/// The time is that of the system's clock: it goes on while no daemon runs, and over a reboot.
struct Confirmation: Codable, Sendable, Hashable {
    /// The revision that waits.
    var revision: UInt32
    /// The revision to go back to; nil if nothing was in force before.
    var back: UInt32?
    /// When it is withdrawn.
    var until: Timestamp

    var message: ConfirmationMessage { ConfirmationMessage(revision: revision, back: back, until: until) }
}
