import CLibBPF
import Glibc
import Synchronization

/// What is asked of a kernel for each kind anew, and remembered for each.
extension Features {
    /// Whether maps of a kind can be made: one is.
    public static func mapType(_ type: MapType) -> Availability {
        remembered(.map(type)) { MapTrial(type).availability }
    }

    /// Whether programs of a kind can be loaded: a small one is. Kinds that need a program of another to attach to, or types of a
    /// kernel module, are not tried.
    public static func programType(_ type: ProgramType) -> Availability {
        remembered(.program(type)) {
            guard let trial = ProgramTrial(type) else { return .unknown("\(type) programs cannot be tried by themselves") }
            return trial.availability
        }
    }

    /// Whether programs of a kind may call a helper.
    ///
    ///     Features.helper(.init(named: "bpf_skb_store_bytes")!, in: .xdp)  // unavailable
    public static func helper(_ helper: HelperFunction, in type: ProgramType) -> Availability {
        remembered(.helper(helper, type)) {
            guard let trial = ProgramTrial(type) else { return .unknown("\(type) programs cannot be tried by themselves") }
            return trial.availability(of: helper)
        }
    }

    /// Whether programs of a kind may call the helper of a number (`enum bpf_func_id`).
    public static func helper(_ number: UInt32, in type: ProgramType) -> Availability {
        helper(HelperFunction(rawValue: number), in: type)
    }

    /// The helpers that programs of a kind may call, of those this library's headers know. Takes some 10 ms the first time.
    public static func helpers(in type: ProgramType) -> [HelperFunction] {
        HelperFunction.known.filter { helper($0, in: type) == .available }
    }

    private enum Question: Hashable {
        case map(MapType)
        case program(ProgramType)
        case helper(HelperFunction, ProgramType)
    }

    private static let answers = Mutex<[Question: Availability]>([:])

    /// Two tasks that ask at once may both try; they get the same answer.
    private static func remembered(_ question: Question, _ trial: () -> Availability) -> Availability {
        if let known = answers.withLock({ $0[question] }) { return known }
        let answer = trial()
        // What was refused for lack of privileges may be granted later.
        if case .unknown = answer { return answer }
        answers.withLock { $0[question] = answer }
        return answer
    }
}

/// A function of the kernel's that programs may call, by its number in `enum bpf_func_id`.
public struct HelperFunction: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The helper of a name, with or without `bpf_` before it; nothing if this library's headers do not know it.
    public init?(named name: String) {
        let wanted = name.hasPrefix("bpf_") ? name : "bpf_" + name
        guard let found = Self.known.first(where: { $0.description == wanted }) else { return nil }
        self = found
    }

    /// The helpers this library's headers know.
    public static let known: [HelperFunction] = {
        var found: [HelperFunction] = []
        var number: UInt32 = 1
        while unsafe swiftbpf_helper_name(number) != nil {
            found.append(HelperFunction(rawValue: number))
            number += 1
        }
        return found
    }()

    /// `bpf_map_lookup_elem`.
    public var description: String {
        unsafe swiftbpf_helper_name(rawValue).map { unsafe "bpf_" + String(cString: $0) } ?? "helper \(rawValue)"
    }
}
