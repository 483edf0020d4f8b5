import Glibc

/// Compiles a Swift file that uses this project's modules as they were built with the tests.
///
/// - Parameters:
///   - text: The file.
///   - name: What tells it from the files of other tests.
///   - arguments: What the compiler is to do, and how strictly.
package func compileSwift(_ text: String, named name: String, _ arguments: [String]) throws(TestingError) -> CommandResult {
    let source = "/tmp/bpftest-\(getpid())-\(name).swift"
    defer { unsafe _ = unlink(source) }
    guard let file = unsafe fopen(source, "w") else { throw TestingError("cannot open \(source)", errno: errno) }
    unsafe fputs(text, file)
    unsafe fclose(file)
    // The modules lie beside the test program, the C module in the project.
    var path = [CChar](repeating: 0, count: 4096)
    let length = unsafe readlink("/proc/self/exe", &path, path.count)
    let program = String(decoding: path[..<max(0, length)].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    let folder = program.split(separator: "/").dropLast().joined(separator: "/")
    let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try runCommand(
        ["swiftc"] + arguments + [
            "-swift-version", "6", "-parse-as-library", "-module-name", "Example", "-I", "/\(folder)/Modules", "-Xcc",
            "-fmodule-map-file=/\(project)/Sources/CLibBPF/module.modulemap", source,
        ])
}
