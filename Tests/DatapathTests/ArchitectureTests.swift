@testable import Datapath
import Testing

/// What differs between processors and cannot be seen on the one the tests run on. scripts/arm64 looks at the C.
@Suite struct ArchitectureTests {
    @Test(arguments: [4, 16, 64])
    func theEventRingIsAPowerOfTwoOfWholePages(kibibytes: Int) {
        let page = kibibytes << 10
        for wanted in [1, 4096, 4097, 100_000, 4 << 20, (4 << 20) + 1] {
            let bytes = DatapathConfiguration(bpffs: "/", eventBufferBytes: wanted).ringBytes(pageSize: page)
            #expect(bytes >= wanted && bytes % page == 0 && bytes & (bytes - 1) == 0)
            #expect(bytes < 2 * max(wanted, page))
        }
    }
}
