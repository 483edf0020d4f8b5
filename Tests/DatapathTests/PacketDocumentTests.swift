import FoundationEssentials
import Testing

@Suite struct PacketDocumentTests {
    /// A line that is added to the tests belongs into docs/packets.md, and one that is written there is tested.
    @Test func `docs/packets.md has the lines that are tested`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/packets.md"), encoding: .utf8)
        var written: [String: [String]] = [:]
        var titles: [String] = []
        for line in page.split(separator: "\n").map(String.init) {
            if line.hasPrefix("### ") {
                titles.append(String(line.dropFirst(4)))
            } else if line.hasPrefix("|"), let title = titles.last {
                written[title, default: []].append(line)
            }
        }
        #expect(titles == PacketTable.sections.map(\.title))
        for (title, rows) in PacketTable.sections {
            let expected = PacketTable.head + rows
            #expect(written[title] == expected, "### \(title)\n\n\(expected.joined(separator: "\n"))")
        }
    }
}
