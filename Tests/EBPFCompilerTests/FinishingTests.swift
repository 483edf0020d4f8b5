import Testing

@testable import EBPFCompiler

@Suite("Variables of the object")
struct FinishingTests {
    private func diagnostics(_ variables: String) throws -> [Diagnostic] {
        let text = SmallModule.text("  ret i32 2", others: variables)
        var finishing = Finishing(try IRModule(parsing: text), users: SmallModule.users)
        _ = finishing.run()
        return finishing.diagnostics
    }

    @Test func `a second license is told`() throws {
        let found = try diagnostics("@other = constant %T4EBPF7LicenseV <{ i32 3 }>, align 4")
        #expect(found.count == 1)
        #expect(found.first?.message.contains("is a second license of the object") == true, "\(found)")
    }

    @Test func `maps and settings of modules that are imported are told`() throws {
        let found = try diagnostics(
            """
            %T4EBPF7HashMapV = type <{ i32, i32, i32, i32, i32, i32 }>
            %T4EBPF7SettingVys6UInt32VG = type <{ i32 }>
            @counts = constant %T4EBPF7HashMapV <{ i32 1, i32 4, i32 8, i32 16, i32 0, i32 0 }>, align 8
            @limit = global %T4EBPF7SettingVys6UInt32VG <{ i32 7 }>, align 8
            """)
        #expect(
            found.map(\.message) == [
                "the map 'counts' stands in a module that is imported", "the setting 'limit' stands in a module that is imported",
            ])
    }
}
