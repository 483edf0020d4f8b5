@testable import EBPFCompiler

/// A module in LLVM's textual form with one program, as the optimiser leaves it.
enum SmallModule {
    static let file = "/sources/small.bpf.swift"
    static let users = UsersFiles([file])

    /// - Parameters:
    ///   - body: The program's instructions; `!11` is line 5, column 7 of the source.
    ///   - program: The program's head from its result to its arguments.
    ///   - others: What else the module has.
    static func text(_ body: String, program: String = "i32 @entry(ptr %0)", section: String = "xdp", others: String = "") -> String {
        """
        source_filename = "small"
        %T4EBPF7LicenseV = type <{ i32 }>
        @license = constant %T4EBPF7LicenseV zeroinitializer, align 4
        \(others)
        define \(program) section "\(section)" !dbg !10 {
        entry:
        \(body)
        }
        declare void @llvm.trap()
        !1 = !DIFile(filename: "\(file)", directory: "/")
        !2 = !DIFile(filename: "<compiler-generated>", directory: "/")
        !10 = distinct !DISubprogram(name: "entry(_:)", file: !1, line: 3)
        !11 = !DILocation(line: 5, column: 7, scope: !10)
        !12 = distinct !DISubprogram(name: "Swift runtime failure: arithmetic overflow", file: !2)
        !13 = !DILocation(line: 0, scope: !12, inlinedAt: !14)
        !14 = distinct !DILocation(line: 6, column: 9, scope: !10)
        !20 = distinct !DISubprogram(name: "step(_:)", file: !1, line: 20)
        !21 = distinct !DISubprogram(name: "back(_:)", file: !1, line: 30)
        """
    }

    /// What checks say of it.
    static func diagnostics(
        _ body: String, program: String = "i32 @entry(ptr %0)", section: String = "xdp", others: String = ""
    ) throws -> [String] {
        let module = try IRModule(parsing: text(body, program: program, section: section, others: others))
        return Checks(module, users: users).diagnostics().map(\.description)
    }
}
