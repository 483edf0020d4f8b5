import ArgumentParser
import FoundationEssentials
import PolicyAPI
import PolicyModel

extension ProbeCommand {
    /// `policyctl probe load`
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads probes, or puts them in the place of those of their names.",
            discussion: """
                A file is a document of kind Probe, which says what is to be loaded, or a compiled eBPF object, whose programs go where their \
                sections say. A probe of the same name is replaced: its links are updated where the kernel can do that, and otherwise the new \
                programs are attached before the old ones are let go.
                """)

        @Argument(help: ArgumentHelp("Documents and compiled eBPF objects.", valueName: "FILE"))
        var objects: [String] = []
        @OptionGroup var files: FileOptions
        @Option(name: .long, help: ArgumentHelp("The name of the probe of an object; by default the file's.", valueName: "NAME"))
        var name: String?
        @Flag(name: .long, help: "Have the probe of an object outlive the daemon, and come back after a reboot.")
        var persist = false
        @Flag(name: .long, help: "Do everything but attach the programs.")
        var dryRun = false
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws {
            let count = objects.count + files.files.count
            if count == 0 { throw ValidationError("say what to load: FILE.o, or -f DOCUMENT") }
            if name != nil, count > 1 { throw ValidationError("--name goes with one object") }
        }

        func run() async throws {
            let requests = try requests()
            let client = daemon.client
            var changes: [ProbeChangeMessage] = []
            do {
                for request in requests {
                    let change: ProbeChangeMessage = try await withProgress("loading") { try await client.post(API.probes, request) }
                    changes.append(change)
                }
            } catch {
                // What is loaded already is loaded, and has to be told.
                if !changes.isEmpty { try changes.report(format.output) }
                throw error
            }
            if try !changes.report(format.output) { throw CommandFailure(.refused) }
        }

        /// What is asked of the daemon: every file is read before the first probe is loaded.
        private func requests() throws -> [ProbeLoadRequest] {
            var requests: [ProbeLoadRequest] = []
            for path in objects + files.files {
                if path != "-", let bytes = try ProbeObjectFile.bytes(ifObject: path) {
                    let text = try document(of: path)
                    requests.append(
                        ProbeLoadRequest(
                            document: SourceText(name: path, text: text), object: Data(bytes).base64EncodedString(), dryRun: dryRun))
                    continue
                }
                if name != nil || persist {
                    throw ValidationError("--name and --persist go with an object; \(path) is a document, which says both")
                }
                requests += try self.requests(of: path)
            }
            return requests
        }

        private func requests(of path: String) throws -> [ProbeLoadRequest] {
            let (probes, others) = DocumentLoader.load(paths: [path]).separated()
            if others.diagnostics.contains(where: { $0.severity == .error }) {
                throw refuse(Diagnostics(others.diagnostics), "nothing was loaded")
            }
            if let other = others.documents.first {
                throw CommandFailure(.refused, "\(other.identity) in \(path) is no probe; policyctl apply puts policies in force")
            }
            return try probes.map { document in
                var object: String?
                if case .probe(let probe) = document.value, case .file(let name) = probe.object {
                    let bytes = try ProbeObjectFile.bytes(SourceBundle.resolve(name, relativeTo: document.source.path))
                    object = Data(bytes).base64EncodedString()
                }
                let source = SourceText(name: document.source.path, text: document.source.text, line: document.source.firstLine)
                return ProbeLoadRequest(document: source, object: object, dryRun: dryRun)
            }
        }

        /// The document that an object alone stands for.
        private func document(of path: String) throws -> String {
            let file = path.split(separator: "/").last.map(String.init) ?? path
            var usual = file
            for ending in [".o", ".bpf"] where usual.hasSuffix(ending) { usual.removeLast(ending.count) }
            let probe = Probe(name: name ?? ProbeObjectFile.name(usual), object: .file(file), persist: persist)
            let text = probe.output.yaml()
            let loaded = DocumentLoader.load(text: text, path: path)
            guard !loaded.hasErrors else {
                throw ValidationError("'\(name ?? usual)' is not a name for a probe; say another one with --name")
            }
            return text
        }
    }
}

/// Files of compiled objects.
enum ProbeObjectFile {
    /// The largest that the daemon takes.
    private static let limit = 64 << 20

    /// The file's bytes.
    static func bytes(_ path: String) throws -> [UInt8] {
        do throws(FileProblem) {
            return try FileContents.read(path, limit: limit, remedy: "")
        } catch {
            throw CommandFailure(.refused, "object: \(error.path): \(error.reason)")
        }
    }

    /// The file's bytes if it is an ELF file; nil if it is something else.
    static func bytes(ifObject path: String) throws -> [UInt8]? {
        let isNamedSo = path.hasSuffix(".o")
        do throws(FileProblem) {
            let bytes = try FileContents.read(path, limit: limit, remedy: "")
            return bytes.starts(with: [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]) || isNamedSo ? bytes : nil
        } catch {
            // As documents, they are refused in the usual words.
            if isNamedSo { throw CommandFailure(.refused, "\(error.path): \(error.reason)") }
            return nil
        }
    }

    /// A file's name with what no name of a probe has replaced.
    static func name(_ file: String) -> String {
        let text = file.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) ? $0 : "-" }
        return String(String(text).drop { !$0.isLetter && !$0.isNumber }.prefix(63))
    }
}
