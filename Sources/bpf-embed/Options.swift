import EBPFCompiler
import Foundation

/// What the tool is called with.
struct Options {
    var clang = ""
    var swiftc = ""
    var output = ""
    var source = ""
    /// Where modules of Swift are kept.
    var work = ""
    /// What Swift programs import, each after those it imports.
    var modules: [EBPFCompiler.Module] = []
    /// Folders of C headers, and of module maps.
    var includes: [String] = []
    var headers: [String] = []
    var imports: [String] = []

    static let usage = """
        usage: bpf-embed --clang PATH [--include DIR]… [--import MODULE]… --output FILE.swift SOURCE.bpf.c
               bpf-embed --clang PATH --swiftc PATH --work DIR [--headers DIR]… [--module NAME SOURCE.swift…]…
                         [--import MODULE]… --output FILE.swift SOURCE.bpf.swift
        """

    init(_ arguments: some Sequence<String>) throws {
        var words = arguments.makeIterator()
        var isModule = false
        while let word = words.next() {
            if word.hasPrefix("--") { isModule = word == "--module" }
            switch word {
            case "--clang": clang = words.next() ?? ""
            case "--swiftc": swiftc = words.next() ?? ""
            case "--output": output = words.next() ?? ""
            case "--work": work = words.next() ?? ""
            case "--module": modules.append(EBPFCompiler.Module(name: words.next() ?? "", sources: []))
            case "--include": includes.append(words.next() ?? "")
            case "--headers": headers.append(words.next() ?? "")
            case "--import": imports.append(words.next() ?? "")
            case _ where isModule: modules[modules.count - 1].sources.append(URL(fileURLWithPath: word))
            default: source = word
            }
        }
        let isPossible = !source.hasSuffix(".swift") || !swiftc.isEmpty && !work.isEmpty
        guard !clang.isEmpty, !source.isEmpty, !output.isEmpty, isPossible else { throw BPFEmbed.Failure(description: Self.usage) }
    }

    var compiler: EBPFCompiler {
        let toolchain = Toolchain(swiftc: URL(fileURLWithPath: swiftc), clang: URL(fileURLWithPath: clang))
        var compiler = EBPFCompiler(toolchain, folder: URL(fileURLWithPath: work))
        compiler.headers = headers.map { URL(fileURLWithPath: $0) }
        return compiler
    }
}
