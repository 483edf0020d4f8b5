import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import PolicyAPI

extension Response {
    /// A message as the body.
    static func json(_ message: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        var buffer = ByteBuffer(bytes: try JSON.encode(message))
        buffer.writeInteger(UInt8(ascii: "\n"))
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], body: ResponseBody(byteBuffer: buffer))
    }
}

/// A request that is refused, and how.
struct Refusal: Error {
    var status: HTTPResponse.Status
    var failure: Failure

    init(_ status: HTTPResponse.Status, _ words: String, diagnostics: [DiagnosticMessage]? = nil) {
        self.status = status
        failure = Failure(words, diagnostics: diagnostics)
    }
}

extension Request {
    /// The body as a message.
    func message<Message: Decodable>(_ type: Message.Type) async throws -> Message {
        let buffer = try await whole()
        return try Self.decoding { try JSON.decode(type, from: Data(buffer.readableBytesView)) }
    }

    /// The body as documents to put in force, in either form.
    func apply() async throws -> ApplyUpload {
        guard headers[.contentType].map(MediaType.init) == MediaType(ApplyUpload.contentType) else {
            let request = try await message(ApplyRequest.self)
            guard request.attached == nil else {
                throw Refusal(.badRequest, "'attached' goes with content of type \(ApplyUpload.contentType)")
            }
            return ApplyUpload(request, lists: Dictionary(request.lists.map { ($0.name, Array($0.text.utf8)) }) { $1 })
        }
        let buffer = try await whole()
        return try Self.decoding {
            do {
                return try ApplyUpload(decoding: buffer)
            } catch let error as ApplyUpload.Malformed {
                throw Refusal(.badRequest, "\(error)")
            }
        }
    }

    private func whole() async throws -> ByteBuffer {
        do {
            return try await body.collect(upTo: API.requestLimit)
        } catch is NIOTooManyBytesError {
            throw Refusal(.contentTooLarge, "the request is larger than \(API.requestLimit / 1024 / 1024) MiB")
        }
    }

    private static func decoding<Message>(_ body: () throws -> Message) throws -> Message {
        do {
            return try body()
        } catch let error as DecodingError {
            throw Refusal(.badRequest, "the request's body is not the JSON this path takes: \(error.words)")
        }
    }
}

extension DecodingError {
    /// The error in one sentence, naming the key.
    fileprivate var words: String {
        func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
            (context.codingPath + (last.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context): "key '\(path(context, key))' is missing"
        case .typeMismatch(_, let context): "'\(path(context))' has the wrong type"
        case .valueNotFound(_, let context): "'\(path(context))' is null"
        case .dataCorrupted(let context): context.codingPath.isEmpty ? "it is not JSON" : "'\(path(context))': \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }
}
