internal import CLibBPF
internal import FoundationEssentials
internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A process that reads one file from its standard input and answers on its standard output.
struct InspectionProcess {
    var program: String
    /// Its arguments, without its name.
    var arguments: [String]

    /// What came of it.
    struct Outcome: Sendable {
        /// What it wrote to standard output.
        var answer: [UInt8]
        /// What it wrote to standard error.
        var errors: [UInt8]
        var end: TerminationStatus

        /// The last line it complained with, to be put behind a sentence; empty if there was none.
        var complaint: String {
            let line = String(decoding: errors, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
            return line.isEmpty ? "" : ": \(line)"
        }
    }

    /// The most that is read of an answer. The names of a file of 64 MiB are less.
    private static let answerLimit = 128 << 20
    /// The most it may complain with.
    private static let errorLimit = 1 << 20

    /// Starts the program with nothing but its three standard descriptors, and waits until it has ended and is gone.
    ///
    /// - Returns: Nothing if its time was up.
    func run(on input: [UInt8], within time: Duration) async throws(InspectionError) -> Outcome? {
        // Not by a pipe: who writes to one that nobody reads any more is ended by SIGPIPE, and a process that crashes has stopped reading.
        let file = FileDescriptor(rawValue: unsafe swiftbpf_memory_file("object"))
        guard file.rawValue >= 0 else { throw .failed("cannot look at the object: no memory for a file: \(Errno(rawValue: errno))") }
        defer { try? file.close() }
        do {
            try file.writeAll(input)
            try file.seek(offset: 0, from: .start)
            return try await withThrowingTaskGroup(of: Outcome?.self) { group in
                group.addTask { try await self.run(on: file) }
                group.addTask {
                    try await Task.sleep(for: time)
                    return nil
                }
                // The process is killed then, if it is not what has ended.
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            throw .failed("cannot look at the object: \(error)")
        }
    }

    private func run(on file: FileDescriptor) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments),
            // A crash is an answer here, and not one to be explained for seconds.
            environment: .custom(["SWIFT_BACKTRACE": "enable=no"]),
            input: .fileDescriptor(file, closeAfterSpawningProcess: false), output: .bytes(limit: Self.answerLimit),
            error: .bytes(limit: Self.errorLimit))
        return Outcome(answer: result.standardOutput, errors: result.standardError, end: result.terminationStatus)
    }
}

// MARK: - Inside the process

extension InspectionProcess {
    /// What this process was given to read.
    static var input: [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try? unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = try unsafe FileDescriptor.standardInput.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard let piece, !piece.isEmpty else { return bytes }
            bytes += piece
        }
    }

    /// Writes what this process has to say.
    ///
    /// - Returns: The status to exit with.
    static func answer(_ answer: some Encodable) -> CInt {
        guard let bytes = try? JSONEncoder().encode(answer), (try? FileDescriptor.standardOutput.writeAll(bytes)) != nil else { return 1 }
        return 0
    }
}
