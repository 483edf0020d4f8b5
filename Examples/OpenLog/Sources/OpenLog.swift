import BPF

/// Writes which process opens which file: of one process, or of all; as readable lines, or as JSON.
@main
struct OpenLog {
    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        let isJSON = arguments.first == "--json"
        if isJSON { arguments.removeFirst() }
        guard arguments.count == 2, let pid = UInt32(arguments.removeFirst()), let count = Int(arguments.removeFirst()) else {
            print("usage: open-log [--json] PROCESS COUNT     (process 0: all)")
            return
        }
        var object = try OpenObject(.opens)
        try object.set(EmbeddedObject.Opens.Globals.onlyPid, to: pid)
        let loaded = try object.load()
        let ring = try loaded.ringBuffer(EmbeddedObject.Opens.Maps.opens)
        let decoder = try RecordDecoder(loaded.types.type(named: "struct open_event"))
        let link = try loaded.program("on_open", as: Tracepoint.self).attach(category: "syscalls", name: "sys_enter_openat")
        print("watching")
        var seen = 0
        for try await batch in ring.batches() {
            if isJSON {
                var text: [UInt8] = []
                decoder.json(of: batch, into: &text)
                print(String(decoding: text, as: UTF8.self), terminator: "")
            } else {
                batch.forEach(of: EmbeddedObject.Opens.Maps.opens) { print("\($0.comm.text) [\($0.pid)] \($0.path.text)") }
            }
            if batch.lost > 0 { print("\(batch.lost) lost") }
            seen += batch.count
            if seen >= count { break }
        }
        // A tracepoint's link ends with its handle.
        _ = consume link
    }
}
