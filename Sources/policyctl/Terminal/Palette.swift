import ArgumentParser
import Glibc
@preconcurrency import Rainbow

/// When to colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    /// On a terminal, unless `NO_COLOR` is set.
    case auto
    case always
    case never

    /// Whether output to a descriptor is coloured.
    func isOn(for descriptor: CInt) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: isatty(descriptor) == 1 && (environmentVariable("NO_COLOR") ?? "").isEmpty && environmentVariable("TERM") != "dumb"
        }
    }
}

/// The colours of what is shown, or none.
struct Palette {
    let isOn: Bool

    init(isOn: Bool) {
        self.isOn = isOn
        // Rainbow decides by itself from the environment; here it is decided already.
        if isOn {
            Rainbow.enabled = true
            Rainbow.outputTarget = .console
        }
    }

    func allowed(_ text: String) -> String { isOn ? text.green : text }
    func denied(_ text: String) -> String { isOn ? text.red.bold : text }
    func warning(_ text: String) -> String { isOn ? text.yellow : text }
    func faint(_ text: String) -> String { isOn ? text.dim : text }
    func name(_ text: String) -> String { isOn ? text.cyan : text }
    func strong(_ text: String) -> String { isOn ? text.bold : text }
}
