import BPF
import FoundationEssentials
import Glibc
import Subprocess

/// Looks at an object file somebody else made in a process of its own, so that a file that brings libbpf or this library down brings
/// nothing down with it.
///
///     // First of all in `main`:
///     Inspection.serveIfAsked()
///     …
///     let report = try await Inspection().report(on: bytes, name: "filter")
///
/// The other process has no privileges, bounds on memory and time, no files but the object, and no environment. If it is to try what the
/// kernel takes it keeps the privileges for that. What a probe's document makes of an object is tried by ``ProbeTrial``.
public struct Inspection: Sendable {
    /// The program that looks.
    public var program: String
    /// Its arguments, without its name; the object's name follows.
    public var arguments: [String]
    /// How long looking may take, in seconds.
    public var timeLimit: Int

    /// How far a look goes.
    public enum Depth: String, Sendable {
        /// What the file says, and what this host's kernel is known not to have. Needs no privileges.
        case reading = "inspect-object"
        /// Also what the kernel says when it is to load it; everything is taken out again, and nothing is attached. Needs those for loading.
        case loading = "load-object"
    }

    /// An inspection by this very program, which calls `serveIfAsked()`.
    public init(_ depth: Depth = .reading, timeLimit: Int = 10) {
        self.init(program: "/proc/self/exe", arguments: [depth.rawValue], timeLimit: timeLimit)
    }

    /// An inspection by another program that does so.
    public init(program: String, arguments: [String], timeLimit: Int = 10) {
        self.program = program
        self.arguments = arguments
        self.timeLimit = timeLimit
    }

    /// What an object holds.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - name: The name the object goes by.
    public func report(on bytes: [UInt8], name: String) async throws(InspectionError) -> ObjectReport {
        let answer = try await answer(to: bytes, name: name)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)) else {
            throw .failed("cannot look at object \(name): \(program) did not answer as agreed")
        }
        guard let report = answer.report else { throw .refused(answer.refusal ?? "cannot open object \(name)") }
        return report
    }

    /// What the process writes when it is given something to read.
    func answer(to input: [UInt8], name: String) async throws(InspectionError) -> [UInt8] {
        let process = InspectionProcess(program: program, arguments: arguments + [name])
        guard let outcome = try await process.run(on: input, within: .seconds(timeLimit)) else {
            throw .timedOut(object: name, seconds: timeLimit)
        }
        switch outcome.end {
        case .exited(0): return outcome.answer
        case .exited(let status): throw .failed("cannot look at object \(name): \(program) ended with \(status)\(outcome.complaint)")
        // What the kernel sends who has used up the time it may compute.
        case .signaled(SIGXCPU): throw .timedOut(object: name, seconds: timeLimit)
        case .signaled(let signal): throw .crashed(object: name, signal: signal)
        }
    }

    /// What the object in a file holds.
    ///
    /// - Throws: `InspectionError` also if the file cannot be read.
    public func report(onFile path: String) async throws(InspectionError) -> ObjectReport {
        let source = ObjectSource.file(path)
        let bytes: [UInt8]
        do throws(BPFError) {
            bytes = try source.bytes()
        } catch {
            throw .refused("\(error)")
        }
        return try await report(on: bytes, name: source.name)
    }

    /// What the process that looks says to the one that asked.
    struct Answer: Codable {
        var report: ObjectReport?
        var refusal: String?
    }
}

extension Inspection {
    /// What an object holds, looked at in this very process: for files of our own, and inside the process that does it for others.
    public static func reportHere(on bytes: [UInt8], name: String, _ depth: Depth = .reading) throws(InspectionError) -> ObjectReport {
        do throws(BPFError) {
            let object = try OpenObject(.bytes(bytes, name: name))
            var report = try ObjectReport(object, bytes: bytes.count)
            switch depth {
            case .reading: try report.addMissingNeeds(of: object)
            case .loading: try report.addTrial(bytes)
            }
            return report
        } catch {
            throw .refused("\(error)")
        }
    }

    /// Looks at an object, or tries a probe, and ends the process, if this is the process that was started for it; does nothing otherwise.
    ///
    /// To be called before anything else: what a program opens or reads before is within reach of the object.
    public static func serveIfAsked() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { return }
        if arguments[1] == ProbeTrial.command { exit(ProbeTrial.serve()) }
        guard let depth = Depth(rawValue: arguments[1]) else { return }
        exit(serve(name: arguments[2], depth))
    }

    /// Reads an object from standard input, and writes the report on it to standard output: for programs that have a command of their own
    /// for this, in place of `serveIfAsked()`. Gives up privileges for good; root that cannot become nobody answers with a refusal.
    ///
    /// - Returns: The status to exit with.
    public static func serve(name: String, _ depth: Depth = .reading) -> CInt {
        var answer = Answer()
        do throws(InspectionError) {
            try Confinement.confine(for: depth == .loading ? .loading : .reading)
            answer.report = try reportHere(on: InspectionProcess.input, name: name, depth)
        } catch {
            answer.refusal = error.description
        }
        return InspectionProcess.answer(answer)
    }
}
