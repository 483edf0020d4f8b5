import Foundation

/// A call of one of the toolchain's programs.
struct Command {
    private let program: URL
    private let arguments: [String]

    init(_ program: URL, _ arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }

    /// Runs it to its end.
    /// - Parameter isTold: Whether what it says is the reader's: its warnings. Else it is the caller's, without errors.
    /// - Returns: What it says.
    /// - Throws: ``EBPFCompiler/Failure`` with what it said, if it fails.
    @discardableResult
    func run(isTold: Bool = true) throws -> String {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = isTold ? pipe : FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw EBPFCompiler.Failure(description: "error: \(program.path) cannot be run: \(error.localizedDescription)")
        }
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let words = String(decoding: said, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            let end = "error: \(program.path) ended with status \(process.terminationStatus)"
            throw EBPFCompiler.Failure(description: words.isEmpty || !isTold ? end : words)
        }
        if isTold, !said.isEmpty { FileHandle.standardError.write(said) }
        return words
    }
}
