import Testing

@testable import EBPFCompiler

@Suite("Preparation for the kernel's machine")
struct PreparationTests {
    private func prepared(_ text: String) throws -> IRModule {
        var preparation = Preparation(try IRModule(parsing: text), users: SmallModule.users)
        return try IRModule(parsing: preparation.run())
    }

    @Test func `what programs do not reach is left out, and they get the names of the source`() throws {
        let module = try prepared(
            """
            @used = protected global i32 3, align 4
            @unused = protected global i32 3, align 4
            define protected swiftcc i32 @"$e1a5entryyF"(ptr %0) #0 section "xdp" !dbg !10 {
              %a = call swiftcc i32 @inner(ptr swiftself %0)
              ret i32 %a
            }
            define hidden swiftcc i32 @inner(ptr swiftself %0) {
              %a = load i32, ptr @used
              ret i32 %a
            }
            define swiftcc void @unreached() {
              ret void
            }
            attributes #0 = { noinline ssp "target-cpu"="x86-64" }
            !1 = !DIFile(filename: "a", directory: "/")
            !10 = distinct !DISubprogram(name: "entry(_:)", file: !1, line: 3)
            """)
        #expect(module.functions.map(\.name) == ["entry", "inner"])
        #expect(module.variables.map(\.name) == ["used"])
        #expect(module.functions.flatMap(\.prefix).contains { $0.isWord("swiftcc") || $0.isWord("protected") } == false)
        #expect(module.functions.last?.prefix.first?.isWord("internal") == true)
        #expect(module.functions.last?.text.contains("swiftself") == false)
        #expect(module.attributes["0"]?.text == "{ noinline }")
    }

    @Test func `a function that cannot be called is made a part of its callers, unless it is to stay one`() throws {
        let module = try prepared(
            """
            define i32 @entry(ptr %0) section "xdp" {
              %a = call { i64, i64 } @pair(ptr %0)
              %b = call { i64, i64 } @apart(ptr %0)
              %c = call i64 @small(ptr %0)
              ret i32 2
            }
            define { i64, i64 } @pair(ptr %0) {
              ret { i64, i64 } zeroinitializer
            }
            define { i64, i64 } @apart(ptr %0) #1 {
              ret { i64, i64 } zeroinitializer
            }
            define i64 @small(ptr %0) {
              ret i64 1
            }
            attributes #1 = { noinline }
            """)
        let inlined = module.functions.filter { $0.suffix.contains { $0.isWord("alwaysinline") } }
        #expect(inlined.map(\.name) == ["pair"])
    }

    @Test func `tests of an index are turned round, others are not`() throws {
        let module = try prepared(
            """
            define i32 @entry(ptr %0) section "xdp" {
              %i = load i64, ptr %0
              %a = icmp slt i64 %i, 0
              %b = icmp sge i64 %i, 40
              %c = or i1 %a, %b
              %d = call i1 @llvm.expect.i1(i1 %c, i1 false)
              br i1 %d, label %trap, label %next
            next:
              %e = icmp slt i64 %i, 4
              %f = icmp sge i64 %i, 9
              %g = or i1 %e, %f
              br i1 %g, label %one, label %two
            one:
              ret i32 1
            two:
              ret i32 2
            trap:
              call void @llvm.trap()
              unreachable
            }
            """)
        let comparisons = module.functions.first?.body.filter { $0.operation == "icmp" }.map { $0.tokens.dropFirst(3).map(\.text) }
        #expect(
            comparisons == [
                ["sgt", "i64", "0", ",", "%i"], ["sle", "i64", "40", ",", "%i"], ["slt", "i64", "%i", ",", "4"],
                ["sge", "i64", "%i", ",", "9"],
            ])
    }

    @Test func `initial values are computed after those they read`() throws {
        let module = try prepared(
            """
            @first = global i32 0, align 4
            @second = global i32 0, align 4
            @third = global i32 0, align 4
            @once = global i64 0, align 8
            define i32 @entry(ptr %0) section "xdp" {
              %a = load i32, ptr @first
              ret i32 %a
            }
            define void @first_WZ(ptr %0) {
              %a = call ptr @addressOfSecond()
              %b = load i32, ptr %a
              store i32 %b, ptr @first
              ret void
            }
            define void @third_WZ(ptr %0) {
              store i32 7, ptr @third
              ret void
            }
            define void @second_WZ(ptr %0) {
              call void @swift_once(ptr @once, ptr @third_WZ, ptr undef)
              %a = load i32, ptr @third
              store i32 %a, ptr @second
              ret void
            }
            define ptr @addressOfSecond() {
              call void @swift_once(ptr @once, ptr @second_WZ, ptr undef)
              ret ptr @second
            }
            declare void @swift_once(ptr, ptr, ptr)
            """)
        let constructors = module.variable("llvm.global_ctors")?.initialiser.filter { $0.kind == .global }.map(\.name)
        #expect(constructors == ["third_WZ", "second_WZ", "first_WZ"])
    }

    @Test func `initial values are turned round by shifts, other values as before`() throws {
        let module = try prepared(
            """
            @port = global i16 0, align 2
            define i32 @entry(ptr %0) section "xdp" {
              %a = load i16, ptr @port
              %b = call i16 @llvm.bswap.i16(i16 %a)
              ret i32 2
            }
            define void @port_WZ(ptr %0) {
              %1 = load i16, ptr @port
              %2 = call i16 @llvm.bswap.i16(i16 %1), !dbg !1
              store i16 %2, ptr @port
              ret void
            }
            declare i16 @llvm.bswap.i16(i16)
            """)
        #expect(module.function("entry")?.body.map(\.operation) == ["load", "call", "ret"])
        let body = module.function("port_WZ")?.body ?? []
        #expect(body.map(\.operation) == ["load", "lshr", "and", "shl", "or", "lshr", "and", "shl", "or", "store", "ret"])
        #expect(body.last { $0.operation == "or" }?.result == "2")
    }

    @Test func `yes and no are bytes in memory`() throws {
        let module = try prepared(
            """
            %TSb = type <{ i1 }>
            @flag = global %TSb <{ i1 true }>, align 1
            define i32 @entry(ptr %0) section "xdp" {
              %a = load i1, ptr @flag
              ret i32 2
            }
            """)
        #expect(module.types.first?.tokens.text == "type <{ i8 }>")
        #expect(module.variables.first?.initialiser.text == "<{ i8 1 }>")
    }

    @Test func `two programs of one name are told`() throws {
        var preparation = Preparation(
            try IRModule(
                parsing: """
                    define i32 @one(ptr %0) section "xdp" !dbg !10 {
                      ret i32 1
                    }
                    define i32 @two(ptr %0) section "tc" !dbg !11 {
                      ret i32 1
                    }
                    !1 = !DIFile(filename: "a", directory: "/")
                    !10 = distinct !DISubprogram(name: "entry(_:)", file: !1, line: 3)
                    !11 = distinct !DISubprogram(name: "entry(_:)", file: !1, line: 7)
                    """), users: SmallModule.users)
        _ = preparation.run()
        #expect(preparation.diagnostics.map(\.message) == ["two programs are called 'entry'"])
    }
}
