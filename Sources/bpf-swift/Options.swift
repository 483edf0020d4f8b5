import EBPFCompiler
import Foundation

/// What the tool is called with.
struct Options {
    /// What it is to do.
    enum Task {
        case help
        case version
        /// A module that programs import, left in a folder.
        case module(String, folder: URL)
        case object(URL, folder: URL)
    }

    private(set) var task = Task.help
    private(set) var sources: [URL] = []
    private var folderOfCompilers: URL?
    private var headers: [URL] = []
    private var machine = EBPFCompiler.Machine.host

    static let usage = """
        usage: bpf-swift [OPTION]… --work DIR --module NAME SOURCE.swift…
               bpf-swift [OPTION]… --work DIR -o OBJECT.bpf.o SOURCE.bpf.swift…
               bpf-swift --version | --help

          --toolchain DIR      where swiftc and clang lie, if not in the first folder of PATH that has swiftc
          --headers DIR        C headers with a module.modulemap; may be given more than once
          --machine NAME       x86 or arm64: whose registers probes read, if not this machine's
          --work DIR           where modules lie, and what is made between the steps
        """

    struct Usage: Error, CustomStringConvertible {
        var description = Options.usage
    }

    init(_ arguments: some Sequence<String>) throws {
        var (work, module, output): (URL?, String?, URL?) = (nil, nil, nil)
        var words = arguments.makeIterator()
        func value() throws -> String {
            guard let value = words.next() else { throw Usage() }
            return value
        }
        while let word = words.next() {
            switch word {
            case "--help", "-h": return
            case "--version": task = .version
            case "--toolchain": folderOfCompilers = URL(fileURLWithPath: try value())
            case "--headers": headers.append(URL(fileURLWithPath: try value()))
            case "--machine":
                guard let known = EBPFCompiler.Machine(rawValue: try value()) else { throw Usage() }
                machine = known
            case "--work": work = URL(fileURLWithPath: try value())
            case "--module": module = try value()
            case "-o": output = URL(fileURLWithPath: try value())
            case _ where word.hasPrefix("-"): throw Usage()
            default: sources.append(URL(fileURLWithPath: word))
            }
        }
        if case .version = task { return }
        switch (work, module, output) {
        case (let work?, let module?, nil) where !sources.isEmpty: task = .module(module, folder: work)
        case (let work?, nil, let output?) where !sources.isEmpty: task = .object(output, folder: work)
        default: throw Usage()
        }
    }

    var toolchain: Toolchain {
        get throws {
            if let folderOfCompilers { return Toolchain(folder: folderOfCompilers) }
            guard let toolchain = Toolchain.onPath else {
                throw EBPFCompiler.Failure(description: "error: no folder of PATH has swiftc; name one by --toolchain")
            }
            return toolchain
        }
    }

    func compiler(in folder: URL) throws -> EBPFCompiler {
        var compiler = EBPFCompiler(try toolchain, folder: folder)
        compiler.headers = headers
        compiler.machine = machine
        return compiler
    }
}
