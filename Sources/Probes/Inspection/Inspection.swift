import BPF
import FoundationEssentials
import Glibc

/// Looks at an object file somebody else made in a process of its own, so that a file that brings libbpf or this library down brings
/// nothing down with it.
///
///     let inspection = Inspection(program: "/proc/self/exe", arguments: ["inspect-object"])
///     let report = try inspection.report(on: bytes, name: "filter")
///
/// The program is to call `Inspection.serve()` when it gets those arguments. It does so without privileges, with bounds on memory and time,
/// no files but the object, and no environment.
public struct Inspection: Sendable {
    /// The program that calls `serve()`.
    public var program: String
    /// Its arguments, without its name.
    public var arguments: [String]
    /// How long looking may take, in seconds.
    public var timeLimit: Int

    /// An inspection by a program.
    public init(program: String, arguments: [String], timeLimit: Int = 10) {
        self.program = program
        self.arguments = arguments
        self.timeLimit = timeLimit
    }

    /// What an object holds.
    ///
    /// This waits for the other process, up to the limit of time.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - name: The name the object goes by.
    public func report(on bytes: [UInt8], name: String) throws(InspectionError) -> ObjectReport {
        let child = try InspectionProcess(program, arguments + [name], input: bytes)
        let (answer, end) = child.answer(within: timeLimit)
        switch end {
        case .exited(0): break
        case .exited(let status): throw .failed("cannot look at object \(name): \(program) ended with \(status)\(child.complaint)")
        // What the kernel sends who has used up the time it may compute.
        case .signalled(SIGXCPU), .late: throw .timedOut(object: name, seconds: timeLimit)
        case .signalled(let signal): throw .crashed(object: name, signal: signal)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)) else {
            throw .failed("cannot look at object \(name): \(program) did not answer as agreed")
        }
        guard let report = answer.report else { throw .refused(answer.refusal ?? "cannot open object \(name)") }
        return report
    }

    /// What the process that looks says to the one that asked.
    struct Answer: Codable {
        var report: ObjectReport?
        var refusal: String?
    }
}

extension Inspection {
    /// What an object holds, looked at in this very process: for files of our own, and inside the process that does it for others.
    public static func reportHere(on bytes: [UInt8], name: String) throws(InspectionError) -> ObjectReport {
        do throws(BPFError) {
            return ObjectReport(try OpenObject(.bytes(bytes, name: name)), bytes: bytes.count)
        } catch {
            throw .refused("\(error)")
        }
    }

    /// What the other process does: reads an object from standard input, and writes the report on it to standard output.
    ///
    /// - Parameter name: The last argument of the program.
    /// - Returns: The status to exit with.
    public static func serve(name: String) -> CInt {
        Confinement.confine()
        var answer = Answer()
        do throws(InspectionError) {
            answer.report = try reportHere(on: InspectionProcess.readAll(STDIN_FILENO), name: name)
        } catch {
            answer.refusal = error.description
        }
        guard let bytes = try? JSONEncoder().encode(answer) else { return 1 }
        return InspectionProcess.writeAll(Array(bytes), to: STDOUT_FILENO) ? 0 : 1
    }
}
