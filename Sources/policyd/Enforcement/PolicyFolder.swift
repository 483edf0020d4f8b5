import FoundationEssentials
import Glibc
import PolicyAPI
import PolicyModel
import Synchronization

/// Compares the policy folder with what is in force.
///
/// Reading long lists takes a while and status is asked for often, so the answer is kept until a file or the revision changes.
final class PolicyFolder: Sendable {
    /// What the last answer rests on.
    private struct Basis: Equatable {
        var path: String
        var revision: UInt32?
        /// Size and time of change of each file, list files among them.
        var files: [String: [Int]]
    }

    private struct State {
        var basis: Basis?
        /// The list files that the documents named.
        var lists: [String] = []
        var message: FolderMessage?
    }

    private let state = Mutex(State())

    /// What is in the folder against what is in force.
    func message(_ path: String, _ inForce: InForce?) -> FolderMessage {
        state.withLock { state in
            let basis = Basis(path: path, revision: inForce?.number, files: Self.files(path, state.lists))
            if basis == state.basis, let message = state.message { return message }
            let loaded = DocumentLoader.load(folder: path)
            let message = Self.compare(path, loaded, inForce)
            state.lists = loaded.documents.flatMap(\.lists.keys)
            state.basis = Basis(path: path, revision: inForce?.number, files: Self.files(path, state.lists))
            // With mistakes the list files are not known, and the next answer looks again.
            state.message = loaded.hasErrors ? nil : message
            return message
        }
    }

    private static func compare(_ path: String, _ loaded: LoadedDocuments, _ inForce: InForce?) -> FolderMessage {
        if loaded.hasErrors {
            guard access(path, F_OK) == 0 else { return FolderMessage(path: path, state: .absent, differences: []) }
            let first = loaded.diagnostics.first { $0.severity == .error }
            return FolderMessage(path: path, state: .invalid, differences: first.map { [$0.summary] } ?? [])
        }
        guard !loaded.documents.isEmpty else { return FolderMessage(path: path, state: .absent, differences: []) }
        do throws(Diagnostics) {
            _ = try loaded.policySet()
        } catch {
            return FolderMessage(path: path, state: .invalid, differences: error.errors.first.map { [$0.summary] } ?? [])
        }
        let differences = DocumentCollection(loaded.documents).differences(from: inForce?.documents ?? DocumentCollection())
        return FolderMessage(path: path, state: differences.isEmpty ? .same : .differs, differences: differences)
    }

    private static func files(_ path: String, _ lists: [String]) -> [String: [Int]] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        var files: [String: [Int]] = [:]
        for file in names.map({ "\(path)/\($0)" }) + lists {
            var status = stat()
            guard stat(file, &status) == 0 else { continue }
            files[file] = [
                Int(status.st_size), Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                status.st_ctim.tv_nsec,
            ]
        }
        return files
    }
}
