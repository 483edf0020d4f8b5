import Testing

@testable import EBPFCompiler

@Suite("LLVM's textual form")
struct IRTests {
    private func lines(_ text: String) -> [[IRToken]] {
        var lexer = IRLexer(text)
        var lines: [[IRToken]] = []
        while let line = lexer.nextLine() { lines.append(line) }
        return lines
    }

    @Test func `a line ends outside of brackets only, and comments are no part of it`() throws {
        let lines = lines("!1 = !{!2,\n  !3} ; a list\n; nothing\n%x = type <{ i32,\n i8 }>\n")
        #expect(lines.map(\.text) == ["!1 = !{!2, !3}", "%x = type <{ i32, i8 }>"])
    }

    @Test func `names in quotes keep their letters, and escapes stand for bytes`() throws {
        let line = try #require(lines(#"@"$e4main\22x(y)" = global i8 0, section ".a{b""#).first)
        #expect(line[0].name == #"$e4main"x(y)"#)
        #expect(line.last?.name == ".a{b")
        #expect(line.text == #"@"$e4main\22x(y)" = global i8 0, section ".a{b""#)
    }

    @Test func `names that are made keep quotes and backslashes`() throws {
        let name = #"a"b\c"#
        #expect(IRToken.global(name).text == #"@"a\22b\5Cc""#)
        #expect(lines(IRToken.global(name).text).first?.first?.name == name)
    }

    @Test(arguments: [
        "%1 = call ptr inttoptr (i64 1 to ptr)(ptr nonnull @map, ptr %key), !dbg !7",
        "%2 = tail call fastcc { i64, i1 } @\"$e1a(b)\"(i64 %0, ptr byval([4 x i8]) %p) #3, !dbg !7",
        "store <{ i32, [2 x i8] }> <{ i32 1, [2 x i8] c\"a}\" }>, ptr %x, align 1",
        "switch i32 %0, label %a [\n i32 1, label %b\n i32 2, label %c ]", "br i1 %c, label %\"a b\", label %3, !prof !9",
        "tail call void asm sideeffect \"\", \"n\"(i32 0) #4, !dbg !144",
    ])
    func `instructions are printed as they were read`(text: String) throws {
        let module = try IRModule(parsing: "define void @f() {\nentry:\n  \(text)\n}\n")
        let function = try #require(module.functions.first)
        #expect(function.text == "define void @f() {\nentry:\n  \(text.replacing("\n", with: ""))\n}")
        #expect(try IRModule(parsing: function.text).functions.first?.text == function.text)
    }

    @Test func `a call tells whom it calls and with what`() throws {
        func call(_ text: String) throws -> IRInstruction {
            try #require(IRModule(parsing: "define void @f() {\n  \(text)\n}\n").functions.first?.body.first)
        }
        let direct = try call("%2 = tail call fastcc noundef { i64, i1 } @g(i64 %0, ptr byval([4 x i8]) %p) #3")
        #expect(direct.callee?.name == "g")
        #expect(direct.arguments.map(\.text) == ["i64 %0", "ptr byval([4 x i8]) %p"])
        #expect(try call("call void @g(ptr @g, i64 1)").arguments.map(\.text) == ["ptr @g", "i64 1"])
        #expect(try call("call void %4(i32 1)").callee == IRToken.local("4"))
        #expect(try call("call i64 inttoptr (i64 5 to ptr)()").callee?.isWord("inttoptr") == true)
        #expect(try call("%3 = add i64 %1, 2").callee == nil)
        #expect(direct.result == "2")
    }

    @Test func `what is not understood is not passed over`() {
        #expect(throws: IRModule.Unreadable.self) { try IRModule(parsing: "uselistorder ptr @f, { 1, 0 }\n") }
    }

    @Test(arguments: [
        ("%T <{ [2 x i8] c\"a\\00\", %U <{ i32 7, i64 -1 }>, i1 true }>", nil), ("%T zeroinitializer", [0, 0]),
        ("%T <{ [2 x i8] undef, %U <{ i32 7, i64 -1 }>, i1 undef }>", [7, .max]), ("%U <{ i32 3, i64 ptrtoint (ptr @v to i64) }>", nil),
        ("{ i8, { i16 } } { i8 1, { i16 } { i16 2 } }", [1, 2]), ("i32 5", [5]),
    ])
    func `a constant is read as its numbers`(constant: String, words: [UInt32]?) throws {
        let types = "%U = type <{ i32, i64 }>\n%T = type <{ [2 x i8], %U, i1 }>\n"
        let module = try IRModule(parsing: "\(types)@v = global \(constant), align 4\n")
        #expect(try ConstantWords(module).words(of: #require(module.variables.first)) == words)
    }

    @Test func `types take the bytes that the back end gives them`() throws {
        let module = try IRModule(parsing: "%T = type <{ i8, i32 }>\n%U = type { i8, i32, %T }\n")
        let sizes = TypeSizes(module)
        func bytes(_ text: String) throws -> Int {
            sizes.bytes(try #require(lines(text).first))
        }
        #expect(try bytes("%T") == 5)
        #expect(try bytes("%U") == 16)
        #expect(try bytes("[3 x { i64, i1 }]") == 48)
        #expect(try bytes("ptr") == 8)
    }
}
