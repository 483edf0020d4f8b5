import BPF
import BPFObjects
import Glibc
import Testing

/// The shipped documents, read line by line: what they name has to be in the objects.
@Suite("Documents of bundled probes")
struct BundledDocumentTests {
    /// The keys below each part of `spec`, and the targets.
    private struct Named {
        var object = ""
        var keys: [String: [String]] = [:]
        var record = ""
        var targets: [String] = []

        init(_ text: String) {
            var part = ""
            for line in text.split(separator: "\n").map(String.init) {
                let code = line.split(separator: "#", omittingEmptySubsequences: false).first.map(String.init) ?? ""
                let indentation = code.prefix { $0 == " " }.count
                let words = code.split { " ,:{}[]\"".contains($0) }.map(String.init)
                guard let key = words.first else { continue }
                if indentation == 2 { part = key }
                if indentation == 2, key == "object" { object = words.dropFirst().joined(separator: ":") }
                if indentation == 4, key != "-" { keys[part, default: []].append(key) }
                if let place = words.firstIndex(of: "record"), place + 1 < words.count { record = words[place + 1] }
                targets += code.split { " ,{}[]\"".contains($0) }.map(String.init).filter {
                    $0.hasPrefix("uprobe:") || $0.hasPrefix("uretprobe:") || $0.hasPrefix("cgroup/")
                }
            }
        }
    }

    @Test(arguments: EmbeddedObject.bundledProbes.map(\.name)) func `a document names what its object has`(name: String) throws {
        let named = Named(try contents("config/probes/\(name).yaml"))
        let embedded = try #require(EmbeddedObject.bundledProbes.first { $0.name == name })
        let object = try OpenObject(embedded)
        #expect(named.object == "bundled:\(name)")
        let programs = Set(object.programs.map(\.name))
        #expect(programs.isSuperset(of: named.keys["programs"] ?? []))
        #expect(Set(object.maps.map(\.name)).isSuperset(of: named.keys["maps"] ?? []))
        // Each global that can be set is there; texts for messages are the compiler's, and have a function's name before theirs.
        let settings = object.globals.filter { $0.section.hasPrefix(".rodata") && !$0.name.contains(".") }
        #expect(Set(settings.map(\.name)) == Set(named.keys["globals"] ?? []))
        #expect(try #require(try object.recordType(ofMap: "events")).description.contains(named.record))
        #expect(!named.record.isEmpty)
        for target in named.targets { _ = try AttachTarget(text: target) }
        // What no section sends anywhere, the document does.
        let homeless = object.programs.filter { $0.target == nil }.map(\.name)
        #expect(Set(named.keys["programs"] ?? []).isSuperset(of: homeless))
    }

    @Test func `every probe has its section in the documentation`() throws {
        let page = try contents("docs/probes.md")
        for object in EmbeddedObject.bundledProbes { #expect(page.contains("\n## \(object.name)\n"), "\(object.name)") }
    }

    /// A file of this package.
    private func contents(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("/\(root)/\(path)", "re"), "no \(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
