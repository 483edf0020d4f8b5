internal import CLibCrypto

/// A SHA-256 hash: what a document names a file's contents by.
///
/// OpenSSL's libcrypto computes it, linked into the programs with 25 KB. swift-crypto would bring BoringSSL: 44 s of a clean debug build, 60 s
/// of a release build, and 11 MB. The kernel's own, by AF_ALG, is not there on every host, nor within the daemon's unit.
public struct SHA256Digest: Hashable, Sendable {
    /// Its 32 bytes.
    public let bytes: [UInt8]

    /// The hash of some bytes, by FIPS 180-4.
    ///
    /// The corresponding libcrypto functions are `SHA256_Init`, `SHA256_Update` and `SHA256_Final`, which cannot fail.
    public init(of message: [UInt8]) {
        var state = SHA256_CTX()
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe SHA256_Init(&state)
        unsafe SHA256_Update(&state, message, message.count)
        unsafe SHA256_Final(&digest, &state)
        bytes = digest
    }

    /// Reads 64 hexadecimal digits, of either case; nil if the text is anything else.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// The 64 hexadecimal digits, as `sha256sum` prints them.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
