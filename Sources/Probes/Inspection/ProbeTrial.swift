import BPF
import FoundationEssentials
import Glibc
public import PolicyModel

/// Has another process do what loading a probe is, up to where its programs would be attached.
///
///     try await ProbeTrial().run(document, object: bytes)
///     let probe = try ProbeLoader(document, object: bytes, pins: nil).load()
///
/// Between a file and the kernel lies libbpf, which relocates programs, follows types and rewrites both in the process that loads them. An
/// object made to bring it down, to keep it busy for ever or to use up memory does so in the other process, which has bounds on memory and
/// time, no files but the object, no environment, and of its privileges those for loading alone. Nothing is attached or pinned, and what was
/// loaded is gone with the process.
///
/// What is not tried is what only attaching shows. Of a program that may be left out and cannot be attached the object is later loaded without.
public struct ProbeTrial: Sendable {
    /// What the process is started with, by which it knows what to do.
    static let command = "try-probe"

    private let process: Inspection

    /// A trial by this very program, which calls ``Inspection/serveIfAsked()``.
    ///
    /// - Parameter timeLimit: How long it may take, in seconds. The verifier needs up to half a second for a program of the largest size.
    public init(timeLimit: Int = 60) {
        self.init(program: "/proc/self/exe", arguments: [Self.command], timeLimit: timeLimit)
    }

    /// A trial by another program that does so.
    ///
    /// - Parameter arguments: Its arguments, without its name; the probe's name follows.
    public init(program: String, arguments: [String] = ["try-probe"], timeLimit: Int = 60) {
        process = Inspection(program: program, arguments: arguments, timeLimit: timeLimit)
    }

    /// Loads a probe in the other process; returns if the kernel took it.
    ///
    /// - Parameters:
    ///   - document: A document of kind Probe.
    ///   - object: The bytes of the object it names.
    /// - Throws: ``ProbeError``, the one that loading here would throw, or one that tells how the process came to its end.
    public func run(_ document: Document, object: [UInt8]) async throws(ProbeError) {
        guard case .probe(let probe) = document.value else { throw ProbeError("\(document.identity) is no probe") }
        // One line, as JSON has it, and the object's bytes behind.
        guard let head = try? JSONEncoder().encode(document.source) else { throw ProbeError("\(document.identity) cannot be passed on") }
        let answer: [UInt8]
        do throws(InspectionError) {
            answer = try await process.answer(to: Array(head) + [UInt8(ascii: "\n")] + object, name: "\(probe.object)")
        } catch {
            throw ProbeError("refused: \(error.description(doing: "load", gerund: "trying to load it"))")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)) else {
            throw ProbeError("refused: cannot load object \(probe.object): the process that tries it did not answer as agreed")
        }
        if let refusal = answer.refusal { throw refusal }
    }

    /// What the process says to the one that asked.
    private struct Answer: Codable {
        /// Nothing if the kernel took the probe.
        var refusal: ProbeError?
    }
}

extension ProbeTrial {
    /// Reads what ``run(_:object:)`` wrote from standard input, and writes the answer to standard output. Gives up privileges for good.
    ///
    /// - Returns: The status to exit with.
    static func serve() -> CInt {
        var answer = Answer()
        do throws(ProbeError) {
            try confine()
            try load(InspectionProcess.input)
        } catch {
            answer.refusal = error
        }
        return InspectionProcess.answer(answer)
    }

    private static func confine() throws(ProbeError) {
        do throws(InspectionError) {
            try Confinement.confine(for: .loading)
        } catch {
            throw ProbeError("refused: \(error)")
        }
    }

    private static func load(_ input: [UInt8]) throws(ProbeError) {
        guard let end = input.firstIndex(of: UInt8(ascii: "\n")),
            let source = try? JSONDecoder().decode(SourceFile.self, from: Data(input[..<end]))
        else { throw ProbeError("there is no document before the object") }
        let loaded = DocumentLoader.load(bundles: [SourceBundle(files: [source])])
        guard let document = loaded.documents.first, !loaded.hasErrors else {
            throw ProbeError("refused: the document has errors", diagnostics: loaded.diagnostics)
        }
        _ = try ProbeLoader(document, object: Array(input[(end + 1)...]), pins: nil).load(isTrial: true)
    }
}
