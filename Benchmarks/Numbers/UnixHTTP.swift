import Foundation
import Glibc

/// One connection to the daemon's HTTP interface, kept open: what a request takes without the start of a program.
final class UnixHTTP {
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, withUnixAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            throw BenchmarkError("cannot connect to \(path): errno \(errno)")
        }
    }

    deinit { close(descriptor) }

    /// Sends a JSON body and gives the answer's: with a status that is not 200 it throws.
    func post(_ path: String, _ body: String) throws -> [String: Any] {
        let text = "POST \(path) HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let bytes = Array(text.utf8)
        guard send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else { throw BenchmarkError("send: errno \(errno)") }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let (status, body) = try Self.parse(answer) {
                guard status == "200" else {
                    throw BenchmarkError("\(path): \(status) \(String(decoding: body, as: UTF8.self).prefix(300))")
                }
                return try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
            }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { throw BenchmarkError("\(path): the answer breaks off") }
            answer += chunk[..<count]
        }
    }

    /// The status and body of a whole answer; nil while it is not whole.
    private static func parse(_ bytes: [UInt8]) throws -> (status: Substring, body: ArraySlice<UInt8>)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let status = head.split(separator: " ").dropFirst().first ?? ""
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
            guard let count = line.split(separator: ":").last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) }) else { break }
            return bytes.count >= end.upperBound + count ? (status, bytes[end.upperBound..<end.upperBound + count]) : nil
        }
        throw BenchmarkError("an answer without a length: \(head)")
    }
}
