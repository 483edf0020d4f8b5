internal import BPF
internal import BPFObjects
internal import Foundation

/// A copy of a program in which the datapath's objects lie as another build has them.
///
/// Their code is the same, but not their files: a letter of the compiler's name is another. For the daemon that is enough to be another
/// build, whose programs take the places of those that are there.
public func makeOtherBuild(of program: String, at path: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: program), options: .mappedIfSafe)
    for object in [EmbeddedObject.entry, .policy] {
        let text = Data("\(object.base64)".utf8)
        var changed = object.bytes
        guard let place = changed.firstRange(of: Array("clang version".utf8)), let found = bytes.range(of: text) else {
            throw NoSuchObject(program: program, object: object.name)
        }
        changed[place.lowerBound] = UInt8(ascii: "C")
        bytes.replaceSubrange(found, with: Data(changed).base64EncodedData())
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
}

/// The program is of another build than whoever asks.
struct NoSuchObject: Error, CustomStringConvertible {
    var program: String
    var object: String

    var description: String { "\(program) does not hold the object \(object) of this build" }
}
