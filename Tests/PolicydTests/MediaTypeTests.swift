import Testing

@testable import PolicyAPI
@testable import policyd

/// Which body a request says it has.
@Suite struct MediaTypeTests {
    @Test(arguments: [
        "application/vnd.policyd.apply", "Application/Vnd.Policyd.APPLY", "application/vnd.policyd.apply; version=1",
        "application/vnd.policyd.apply ;charset=\"a;b\"", " application/vnd.policyd.apply\t",
    ])
    func `names count in any case, and parameters do not`(header: String) {
        #expect(MediaType(header) == MediaType(ApplyUpload.contentType))
    }

    @Test(arguments: [
        "", ";", "application/json", "application/vnd.policyd.applying", "vnd.policyd.apply", "x application/vnd.policyd.apply",
    ])
    func `others are others`(header: String) {
        #expect(MediaType(header) != MediaType(ApplyUpload.contentType))
    }
}
