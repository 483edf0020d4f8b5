import BPFTesting
import Testing

@Test func `every starter has less than 40 lines`() throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let counted = try runCommand(["sh", "-c", "wc -l \(folder)/*Starter.swift"])
    let lines = counted.output.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.last != "total" }
    #expect(lines.count == 10)
    for line in lines {
        let count = try #require(line.first.flatMap { Int($0) })
        #expect(count < 40, "\(line)")
    }
}
