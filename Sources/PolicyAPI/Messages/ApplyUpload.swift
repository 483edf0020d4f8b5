private import FoundationEssentials
public import NIOCore

/// An apply with its list files as they are. A body of `POST /v1/apply` as well.
///
/// List files are most of what large applies send, and as text in JSON they take longer than anything that is then done with them. Here the
/// request is one line of JSON, without line breaks, whose `attached` names the files and their lengths in bytes; behind it they follow one after
/// the other.
public struct ApplyUpload: Sendable {
    /// The type of content that tells such a body from one that is JSON alone.
    public static let contentType = "application/vnd.policyd.apply"

    /// The request, its `attached` the names and lengths of `lists`; nil if there are none.
    public let request: ApplyRequest
    /// The list files by name.
    public let lists: [String: [UInt8]]

    /// What is wrong with a body.
    public struct Malformed: Error, CustomStringConvertible {
        public let description: String
    }

    public init(_ request: ApplyRequest, lists: [String: [UInt8]]) {
        var request = request
        request.attached =
            lists.isEmpty ? nil : lists.sorted { $0.key < $1.key }.map { ApplyRequest.Attached(name: $0.key, bytes: $0.value.count) }
        self.request = request
        self.lists = lists
    }

    /// Reads a body.
    ///
    /// - Throws: `Malformed`, or a `DecodingError` for its first line.
    public init(decoding body: ByteBuffer) throws {
        var body = body
        guard let end = body.readableBytesView.firstIndex(of: UInt8(ascii: "\n")),
            let line = body.readBytes(length: end - body.readerIndex)
        else { throw Malformed(description: "the request has no line of JSON") }
        body.moveReaderIndex(forwardBy: 1)
        request = try JSON.decode(from: .init(line))
        guard request.lists.isEmpty else {
            throw Malformed(description: "'lists' goes with content of type application/json: here files are named by 'attached'")
        }
        var lists: [String: [UInt8]] = [:]
        for file in request.attached ?? [] {
            guard file.bytes >= 0, let bytes = body.readBytes(length: file.bytes) else {
                throw Malformed(description: "the request ends within the list file \(file.name)")
            }
            guard lists.updateValue(bytes, forKey: file.name) == nil else {
                throw Malformed(description: "the list file \(file.name) is attached twice")
            }
        }
        guard body.readableBytes == 0 else {
            throw Malformed(description: "\(body.readableBytes) bytes follow the last list file of the request")
        }
        self.lists = lists
    }

    /// The body, in parts that follow each other.
    func parts() throws -> [ByteBuffer] {
        var first = ByteBuffer(bytes: try JSON.encode(request))
        first.writeInteger(UInt8(ascii: "\n"))
        return [first] + (request.attached ?? []).compactMap { lists[$0.name].map { ByteBuffer(bytes: $0) } }
    }
}
