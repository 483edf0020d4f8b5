import BPFTesting
import Glibc
import Testing

/// A library with probes of the kind that systemtap's `sdt.h` makes, compiled for the test and loaded into this process.
final class ProbedLibrary {
    let path: String
    private let handle: UnsafeMutableRawPointer
    private let callFunction: @convention(c) (CInt) -> CInt
    private let watchersFunction: @convention(c) () -> CInt

    init(_ name: String) throws {
        let source = "/tmp/bpftest-\(getpid())-\(name).c"
        path = "/tmp/bpftest-\(getpid())-\(name).so"
        defer { unlink(source) }
        let file = try #require(fopen(source, "w"))
        fputs(Self.text, file)
        fclose(file)
        let result = try runCommand(["clang", "-O2", "-shared", "-fPIC", "-nostdlib", "-o", path, source])
        try #require(result.status == 0, "\(result.output)")
        handle = try #require(dlopen(path, RTLD_NOW))
        callFunction = unsafeBitCast(try #require(dlsym(handle, "call")), to: (@convention(c) (CInt) -> CInt).self)
        watchersFunction = unsafeBitCast(try #require(dlsym(handle, "watchers")), to: (@convention(c) () -> CInt).self)
    }

    deinit {
        dlclose(handle)
        unlink(path)
    }

    /// Passes the probe `bpftest:call`, which has the number and 77 as arguments.
    func call(_ number: CInt) { _ = callFunction(number) }

    /// How many watch the probe.
    var watchers: CInt { watchersFunction() }

    /// The probe: a nop, and a note that says where it lies, what says that somebody watches, and where its arguments are found.
    private static let text = #"""
        #if defined(__x86_64__)
        #define ARGUMENT "-4@%edi"
        #else
        #define ARGUMENT "-4@x0"
        #endif

        __attribute__((section(".probes"), visibility("hidden"))) volatile unsigned short bpftest_call_semaphore;

        __asm__(
            ".text\n.globl call\n.type call, @function\n"
            "call:\n"
            "990: nop\n"
            ".pushsection .note.stapsdt,\"\",\"note\"\n"
            ".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"
            "991: .asciz \"stapsdt\"\n"
            "992: .balign 4\n"
            "993: .8byte 990b, _.stapsdt.base, bpftest_call_semaphore\n"
            ".asciz \"bpftest\"\n.asciz \"call\"\n.asciz \"" ARGUMENT " -8@$77\"\n"
            "994: .balign 4\n"
            ".popsection\n"
            ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
            ".weak _.stapsdt.base\n.hidden _.stapsdt.base\n"
            "_.stapsdt.base: .space 1\n"
            ".popsection\n"
            "ret\n");

        int watchers(void) { return bpftest_call_semaphore; }
        """#
}
