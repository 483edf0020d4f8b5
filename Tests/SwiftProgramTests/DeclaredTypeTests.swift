import BPF
import SwiftObjects
import Testing

@Suite("Types that programs declare themselves")
struct DeclaredTypeTests {
    @Test func `enumerations, keys and errors need nothing of their hashing`() throws {
        let declared = try OpenObject(.declared).load()
        for (number, size) in [(0, 1), (50, 1), (51, 2), (100, 2), (101, 3)] as [(UInt64, UInt64)] {
            #expect(try declared.call("ownEnum", number) == size)
        }
        #expect(try declared.call("ownRawValues", 1, 4) == 3)
        #expect(try declared.call("ownRawValues", 1, 3) == 2)
        #expect(try declared.call("ownRawValues", 2, 5) == 1)
        #expect(try declared.call("ownKey", 1, 2, 5) == 5)
        #expect(try declared.call("ownKey", 2, 1, 7) == 7)
        #expect(try declared.call("ownKey", 1, 2, 6) == 11)
        #expect(try declared.call("ownError", 8) == 4)
        #expect(try declared.call("ownError", 7) == 1001)
        #expect(try declared.call("ownError", 0) == 1000)
    }
}
