internal import CLibBPF
internal import Glibc

/// A process that reads one file from its standard input and answers on its standard output.
final class InspectionProcess {
    /// How it ended.
    enum End: Equatable {
        case exited(CInt)
        case signalled(CInt)
        /// It was killed, as its time was up.
        case late
    }

    private let pid: pid_t
    private let output: CInt
    private let errors: CInt
    private var hasEnded = false
    /// What it wrote to standard error.
    private var errorText: [UInt8] = []

    /// The most that is read of an answer. The names of a file of 64 MiB are less.
    private static let answerLimit = 128 << 20

    /// Starts a program with nothing but its three standard descriptors.
    init(_ program: String, _ arguments: [String], input: [UInt8]) throws(InspectionError) {
        func failure(_ what: String) -> InspectionError {
            let words = unsafe String(cString: strerror(errno))
            return .failed("cannot look at the object: \(what): \(words)")
        }
        let file = unsafe swiftbpf_memory_file("object")
        guard file >= 0 else { throw failure("no memory for a file") }
        defer { close(file) }
        guard Self.writeAll(input, to: file), lseek(file, 0, SEEK_SET) == 0 else { throw failure("no memory for a file") }
        var answers: [CInt] = [-1, -1]
        var complaints: [CInt] = [-1, -1]
        guard unsafe swiftbpf_pipe(&answers, O_CLOEXEC) == 0 else { throw failure("no pipe") }
        guard unsafe swiftbpf_pipe(&complaints, O_CLOEXEC) == 0 else {
            answers.forEach { close($0) }
            throw failure("no pipe")
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, file, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, answers[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, complaints[1], 2)
        unsafe swiftbpf_spawn_without_descriptors(&actions, 3)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        // A crash is an answer here, and not one to be explained for seconds.
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("SWIFT_BACKTRACE=enable=no"), nil]
        defer {
            let all = unsafe words + environment
            for index in unsafe all.indices { unsafe free(all[index]) }
        }
        var started = pid_t()
        let result = unsafe posix_spawn(&started, program, &actions, nil, &words, &environment)
        close(answers[1])
        close(complaints[1])
        (pid, output, errors) = (started, answers[0], complaints[0])
        guard result == 0 else {
            hasEnded = true
            errno = result
            throw failure("cannot run \(program)")
        }
    }

    deinit {
        if !hasEnded { end(late: true) }
        close(output)
        close(errors)
    }

    /// What it wrote to standard output until it closed it, and how it ended. It does not outlive the call.
    func answer(within seconds: Int) -> (bytes: [UInt8], end: End) {
        var answer: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(seconds)
        var open = [pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0)]
        while open.contains(where: { $0.fd >= 0 }) {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0, answer.count <= Self.answerLimit else { return (answer, end(late: true)) }
            let count = unsafe poll(&open, nfds_t(open.count), CInt(left.rounded(.up)))
            if count < 0 && errno != EINTR { break }
            guard count > 0 else { continue }
            for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
                guard let piece = Self.readSome(open[index].fd) else {
                    open[index].fd = -1
                    continue
                }
                if index == 0 { answer += piece } else { errorText = Array((errorText + piece).suffix(2_000)) }
            }
        }
        return (answer, end(late: false, deadline: deadline))
    }

    /// The last line it complained with, to be put behind a sentence; empty if there was none.
    var complaint: String {
        let line = String(decoding: errorText, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
        return line.isEmpty ? "" : ": \(line)"
    }

    /// Waits for its end, which comes by force if it is late.
    @discardableResult
    private func end(late: Bool, deadline: ContinuousClock.Instant = .now) -> End {
        hasEnded = true
        var status: CInt = 0
        var isLate = late
        while true {
            if isLate { kill(pid, SIGKILL) }
            let result = unsafe waitpid(pid, &status, isLate ? 0 : WNOHANG)
            if result == pid { break }
            // Somebody else has waited for it: the process ignores its children.
            if result < 0 && errno != EINTR { return isLate ? .late : .exited(0) }
            if result == 0 {
                usleep(500)
                isLate = .now > deadline
            }
        }
        if isLate { return .late }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
    }
}

/// Whole files by descriptor.
extension InspectionProcess {
    /// A piece of what is to be read; nothing at its end, or if it cannot be read.
    private static func readSome(_ descriptor: CInt) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            return count > 0 ? Array(piece[..<count]) : nil
        }
    }

    /// Everything to the end.
    static func readAll(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = readSome(descriptor) { bytes += piece }
        return bytes
    }

    /// Writes all bytes; false if that was not possible.
    static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
