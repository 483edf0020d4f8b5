import CLibBPF
import Glibc

/// Makes a small map of a kind.
struct MapTrial {
    let type: MapType

    init(_ type: MapType) { self.type = type }

    var availability: Features.Availability {
        // libbpf knows what sizes and types each kind wants, but not of kinds younger than itself.
        let (result, printed) = LibbpfMessages.capturing { libbpf_probe_bpf_map_type(bpf_map_type(type.rawValue), nil) }
        switch result {
        case 1: return .available
        case 0: return Trials.refused(EINVAL, printed)
        default: break
        }
        do throws(BPFError) {
            if type.isLocalStorage {
                _ = try LocalStorage<UInt64>.create(type, name: "trial")
            } else {
                _ = try Descriptor(creating: type, name: "trial", keySize: 4, valueSize: 4, maxEntries: 1)
            }
            return .available
        } catch {
            return Trials.refused(error.errno, BPFError.words(for: error.errno))
        }
    }
}

/// What refusals mean.
enum Trials {
    /// A refusal is the kernel's last word where what every kernel knows goes through; else privileges are lacking.
    static func refused(_ number: CInt, _ words: String) -> Features.Availability {
        let words = words.isEmpty ? BPFError.words(for: number) : words
        return isPrivileged ? .unavailable(words) : .unknown(words)
    }

    /// Whether this process may make maps and load programs for tracing and for networks.
    private static var isPrivileged: Bool {
        [ProgramType.tracepoint, .schedCls].allSatisfy { ProgramTrial($0)?.load([.zero, .exit]).errno == 0 }
    }
}
