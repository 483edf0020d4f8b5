import BPF
import SwiftConstructs
import SwiftObjects
import Testing

@Suite("Constructs of Swift in the kernel")
struct ConstructTests {
    @Test(arguments: ConstructGroup.all)
    func `the kernel answers as the host does`(group: ConstructGroup) throws {
        let loaded = try OpenObject(group.object).load()
        var chance = Chance(seed: 2026)
        let inputs =
            [Numbers(0, 0, 0, 0), Numbers(6, 8, 10, 13), Numbers(.max, .max, .max, .max)] + (0..<200).map { _ in chance.numbers() }
        for construct in group.constructs {
            let program = try loaded.program(construct.name)
            var answers: Set<UInt64> = []
            for input in inputs {
                let expected = construct.native(input)
                let found = try answer(program, input)
                answers.insert(expected)
                guard found == expected else {
                    Issue.record("\(construct.name)(\(input)) is \(found) in the kernel and \(expected) on the host")
                    break
                }
            }
            #expect(answers.count > 1, "the inputs find nothing out about \(construct.name)")
        }
    }

    @Test func `every program of the objects is compared, and there are many`() throws {
        for group in ConstructGroup.all {
            let programs = try OpenObject(group.object).programs.map(\.name)
            #expect(Set(programs) == Set(group.constructs.map(\.name)))
        }
        #expect(ConstructGroup.all.map(\.constructs.count).reduce(0, +) >= 60)
    }
}
