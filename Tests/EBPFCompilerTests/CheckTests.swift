import Testing

@testable import EBPFCompiler

@Suite("Checks of what the kernel's machine cannot run")
struct CheckTests {
    private static let line5 = "\(SmallModule.file):5:7: error: "
    private static let step = "define internal i64 @step(i64 %0) !dbg !20 {\n ret i64 %0\n}"

    @Test func `a program without mistakes has none`() throws {
        #expect(try SmallModule.diagnostics("  ret i32 2, !dbg !11") == [])
    }

    @Test(arguments: [
        ("call void %f(i64 1), !dbg !11", "only known when it runs"),
        ("%a = call ptr @swift_allocObject(ptr null, i64 24, i64 7), !dbg !11", "allocates memory"),
        ("call void @swift_release(ptr %0), !dbg !11", "allocates memory"),
        ("%a = call i32 @putchar(i32 65), !dbg !11", "this calls 'putchar', which the kernel does not have"),
        ("%a = fmul double %x, 1.5, !dbg !11", "no floating point"),
        ("%a = mul i128 %x, %y, !dbg !11", "128 bits"),
        ("%a = lshr i128 %x, %y, !dbg !11", "128 bits"),
        ("%a = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %x, i64 %y), !dbg !11", "128 bits"),
        ("%a = sdiv i64 %x, 10, !dbg !11", "no signed division"),
        ("%a = srem i32 %x, %y, !dbg !11", "no signed division"),
        ("%a = atomicrmw add ptr %p, i16 1 seq_cst, align 2, !dbg !11", "no atomic operation on 8 or 16 bits"),
        ("%a = atomicrmw umax ptr %p, i64 1 seq_cst, align 8, !dbg !11", "no such atomic operation"),
        ("call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 %n, i1 false), !dbg !11", "copies an amount of memory"),
        ("call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %n, i1 false), !dbg !11", "sets an amount of memory"),
        ("%a = alloca i8, i64 %n, align 1, !dbg !11", "amount of stack"),
    ])
    func `an instruction is refused with its place`(instruction: String, words: String) throws {
        let others = "declare ptr @swift_allocObject(ptr, i64, i64)\ndeclare void @swift_release(ptr)\ndeclare i32 @putchar(i32)"
        let found = try SmallModule.diagnostics("  \(instruction)\n  ret i32 2", others: others)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(Self.line5) == true)
        #expect(found.first?.contains(words) == true, "\(found)")
        #expect(found.first?.contains("; ") == true, "there is no remedy")
    }

    @Test(arguments: [
        "%a = udiv i64 %x, %y", "%a = sdiv i64 %x, 8", "%a = srem i32 %x, 2",
        "%a = lshr i128 %x, 32", "%a = load double, ptr %p", "%a = atomicrmw add ptr %p, i64 1 seq_cst, align 8",
        "call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 16, i1 false)", "%a = alloca [8 x i8], align 1",
        "%a = call ptr inttoptr (i64 1 to ptr)(ptr %p, ptr %q)", "call void asm sideeffect \"\", \"r\"(i64 %x)",
    ])
    func `what the machine has is let through`(instruction: String) throws {
        #expect(try SmallModule.diagnostics("  \(instruction), !dbg !11\n  ret i32 2") == [])
    }

    @Test func `a trap is told in Swift's words at the line of the user's that it was inlined into`() throws {
        #expect(
            try SmallModule.diagnostics("  call void @llvm.trap(), !dbg !13\n  unreachable") == [
                "\(SmallModule.file):6:9: error: this may end the program: arithmetic overflow; "
                    + "use &+, &- or &* if it may wrap around, or test before"
            ])
    }

    @Test func `memory from a heap explains the traps of its line`() throws {
        let body = "  %a = call ptr @malloc(i64 8), !dbg !11\n  call void @llvm.trap(), !dbg !11\n  unreachable"
        let found = try SmallModule.diagnostics(body, others: "declare ptr @malloc(i64)")
        #expect(found.count == 1)
        #expect(found.first?.contains("allocates memory") == true)
    }

    @Test func `several mistakes are told at once, by line`() throws {
        let body = "  call void @llvm.trap(), !dbg !13\n  %a = sdiv i64 %x, 10, !dbg !11\n  unreachable"
        let found = try SmallModule.diagnostics(body)
        #expect(found.map { $0.contains("signed division") } == [true, false])
    }

    @Test(arguments: [
        ("i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f", "i64", "it has 6 arguments"),
        ("{ i64, i64 } %a", "i64", "an argument does not fit"),
        ("i64 %a", "{ i64, i64 }", "its result does not fit"),
        ("i64 %a", "i128", "its result does not fit"),
        ("ptr sret(%T4EBPF7LicenseV) %a", "void", "its result does not fit"),
    ])
    func `a function has to fit into registers`(parameters: String, result: String, words: String) throws {
        let step = "define internal \(result) @step(\(parameters)) !dbg !20 {\n unreachable\n}"
        let found = try SmallModule.diagnostics("  %x = call \(result) @step(\(parameters))\n  ret i32 2", others: step)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(SmallModule.file):20:1: error: 'step' cannot be a function of its own") == true, "\(found)")
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test func `a function that calls itself is named, and the way it goes`() throws {
        let others = """
            define internal i64 @step(i64 %0) !dbg !20 {
              %a = call i64 @back(i64 %0)
              ret i64 %a
            }
            define internal i64 @back(i64 %0) !dbg !21 {
              %a = call i64 @step(i64 %0)
              ret i64 %a
            }
            """
        let found = try SmallModule.diagnostics("  %x = call i64 @step(i64 1)\n  ret i32 2", others: others)
        #expect(found.count == 1)
        #expect(found.first?.contains(":20:1: error: 'step' calls itself by way of 'back'") == true, "\(found)")
    }

    @Test func `the stack is counted along the calls`() throws {
        func found(_ bytes: Int) throws -> [String] {
            let step = "define internal i64 @step(i64 %0) !dbg !20 {\n  %b = alloca [\(bytes) x i8]\n  ret i64 %0\n}"
            return try SmallModule.diagnostics("  %a = alloca [32 x i64]\n  %x = call i64 @step(i64 1)\n  ret i32 2", others: step)
        }
        #expect(try found(256) == [])
        let tooMuch = try found(264)
        #expect(tooMuch.count == 1)
        #expect(
            tooMuch.first?.contains("'entry' with the functions it calls ('step') takes at least 544 bytes of stack") == true, "\(tooMuch)")
        #expect(tooMuch.first?.contains("the largest variable 264") == true)
    }

    @Test func `the stack is what the back end says`() throws {
        let step = "define internal i64 @step(i64 %0) !dbg !20 {\n  %b = alloca [200 x i8]\n  ret i64 %0\n}"
        let text = SmallModule.text("  %a = alloca [200 x i8]\n  %x = call i64 @step(i64 1)\n  ret i32 2", others: step)
        func found(_ said: String) throws -> [String] {
            let program = CheckedProgram(try IRModule(parsing: text), users: SmallModule.users)
            return StackFrames(StackFrames.bytes(said: said)).diagnostics(of: program).map(\.description)
        }
        #expect(try found("small.bpf.swift:20:step\t256\tstatic\nsmall.bpf.swift:3:entry\t225\tstatic\n") == [])
        let tooMuch = try found("small.bpf.swift:20:step\t257\tstatic\nsmall.bpf.swift:3:entry\t225\tstatic\n")
        #expect(tooMuch.count == 1)
        let words =
            "3:1: error: the program 'entry' with the functions it calls ('step') takes 544 bytes of stack, the largest variable 200;"
        #expect(tooMuch.first?.contains(words) == true, "\(tooMuch)")
    }

    @Test(arguments: [
        ("xpd", "i32 @entry(ptr %0)", "the nearest is 'xdp'"), ("xdp", "i32 @entry()", "takes no argument"),
        ("xdp", "i32 @entry(ptr %0, i32 %1)", "takes 2 arguments"), ("xdp", "{ i64, i64 } @entry(ptr %0)", "is not one number"),
        ("xdp", "i8 @entry(ptr %0)", "is not a number of 32 or 64 bits"), ("xdp", "i1 @entry(ptr %0)", "is not a number of 32 or 64 bits"),
    ])
    func `a program has a section, a context and a result`(section: String, program: String, words: String) throws {
        let found = try SmallModule.diagnostics("  unreachable", program: program, section: section)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(SmallModule.file):3:1: error: ") == true)
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test(arguments: [
        "xdp", "?tc", "tracepoint/syscalls/sys_enter_openat", "uprobe", "cgroup/connect4", "xdp.frags", "xdp/devmap", "kprobe.multi/vfs_*",
    ])
    func `sections that libbpf knows are known`(section: String) throws {
        #expect(try SmallModule.diagnostics("  ret i32 2", section: section) == [])
    }

    @Test func `what an imported module cannot compute is told by its name`() throws {
        let others = """
            @"$e6Shared5limits6UInt32Vvp" = global i32 0, align 4
            @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @"$e6Shared5limit_WZ", ptr null }]
            define internal void @"$e6Shared5limit_WZ"() {
              %a = load i32, ptr inttoptr (i64 8 to ptr)
              store i32 %a, ptr @"$e6Shared5limits6UInt32Vvp"
              ret void
            }
            """
        let found = try SmallModule.diagnostics("  ret i32 2", others: others)
        #expect(found.count == 1)
        #expect(found.first?.contains("the initial value of 'Shared.limit' is not known at build time; use numbers") == true, "\(found)")
    }

    @Test func `programs have a license`() throws {
        let text = SmallModule.text("  ret i32 2").replacing("@license = constant %T4EBPF7LicenseV zeroinitializer, align 4", with: "")
        let found = Checks(try IRModule(parsing: text), users: SmallModule.users).diagnostics()
        #expect(found.map(\.remedy) == ["write 'let license = License.gpl' that is not private"])
    }

    @Test func `what the back end refuses is told in the same form`() {
        let said = """
            error: small.bpf.swift:6:3: in function f i32 (ptr): A call to built-in function 'memcpy' is not supported.

            error: <unknown>:0:0: in function f i32 (ptr): only small returns supported
            2 errors generated.
            """
        let found = BackEndMessages(sources: ["/sources/other.swift", SmallModule.file]).diagnostics(in: said)
        #expect(found?.map(\.place) == [SourcePlace(file: SmallModule.file, line: 6, column: 3), nil])
        #expect(found?.first?.message.contains("too much memory is copied") == true)
        #expect(found?.last?.message == "only small returns supported")
        #expect(BackEndMessages(sources: []).diagnostics(in: "error: no such file") == nil)
    }

    @Test func `what Embedded Swift has not is told on a line, with what to do, and mistakes of types as they are`() {
        let page = "[#EmbeddedRestrictions]: <https://docs.swift.org/compiler/documentation/diagnostics/embedded-restrictions>"
        let said = """
            /a.swift:2:4: error: cannot use a value of protocol type 'any P & Q' in embedded Swift [#EmbeddedRestrictions]
            1 | func f() {
            2 |     let p: any P = S()
              |            `- error: cannot use a value of protocol type 'any P & Q' in embedded Swift [#EmbeddedRestrictions]
            3 | }

            /b.swift:9:1: note: called from here
             9 | f()
               | `- note: called from here
            /a.swift:2:4: error: cannot use a value of protocol type 'any P & Q' in embedded Swift [#EmbeddedRestrictions]
            /a.swift:4:1: error: cannot do dynamic casting in embedded Swift [#EmbeddedRestrictions]
            /a.swift:7:1: error: cannot find 'x' in scope
            7 | x
              | `- error: cannot find 'x' in scope
            \(page)
            """
        #expect(
            LanguageMessages.rewritten(said) == """
                /a.swift:2:4: error: cannot use a value of protocol type 'any P & Q' in embedded Swift; use 'some P & Q' or generics
                /b.swift:9:1: note: called from here
                /a.swift:4:1: error: cannot do dynamic casting in embedded Swift; \
                name the type, or use an enumeration with a case for each type
                /a.swift:7:1: error: cannot find 'x' in scope
                7 | x
                  | `- error: cannot find 'x' in scope
                """)
        let unplaced = "<unknown>:0: error: no such module 'Traffic'\nerror: emit-module failed"
        #expect(LanguageMessages.rewritten(unplaced) == unplaced)
    }

    @Test func `a crash of the Swift compiler is told by the function, without its stack`() {
        let said = """
            Stack dump:
            0.	Program arguments: swift-frontend
            4.	While silgen emitFunction SIL function "@$e6asyncf".
             for 'wait(_:)' (at \(SmallModule.file):6:1)
             #0 0x000055e10ce5d738 llvm::sys::PrintStackTrace
            """
        let found = BackEndMessages.crashOfSwift(in: said)
        #expect(found?.place == SourcePlace(file: SmallModule.file, line: 6, column: 1))
        #expect(found?.message.contains("'wait(_:)'") == true)
        #expect(BackEndMessages.crashOfSwift(in: "a.swift:1:1: error: no such module") == nil)
    }

    @Test func `a crash of the back end is told by the function, without its stack`() {
        let said = """
            fatal error: error in backend: Cannot select: 0x55: i64,ch = AtomicLoadUMax
            PLEASE submit a bug report
            3.	Running pass 'BPF DAG->DAG Pattern Instruction Selection' on function '@walk'
             #0 0x00005588f5640fb8 llvm::sys::PrintStackTrace
            """
        let place = SourcePlace(file: SmallModule.file, line: 4, column: 1)
        let found = BackEndMessages(sources: [], functions: ["walk": place]).diagnostics(in: said)
        #expect(found?.count == 1)
        #expect(found?.first?.place == place)
        #expect(found?.first?.message == "the back end cannot compile the function 'walk': Cannot select: 0x55: i64,ch = AtomicLoadUMax")
    }
}
