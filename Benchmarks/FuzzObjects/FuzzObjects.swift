import ArgumentParser
import BPF
import CorpusObjects
import Foundation
import Probes

/// Breaks object files in every way and sees that each is opened or refused in words: by a worker that looks at them in its own process,
/// and for some of them by the process that looks at what users give. A crash or a hang ends the worker, and names the object.
@main
struct FuzzObjects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz-objects", abstract: "Open objects that are broken in every way, and see that each is opened or refused.")

    @Option(help: "How long to go on.") var seconds = 600.0
    @Option(help: "Where the random numbers start.") var seed: UInt64 = 1
    @Option(help: "The number of the first object.") var first = 0
    @Option(help: "How many objects at most.") var count = Int.max
    @Option(help: "Have one of so many looked at by another process as well.") var other = 200
    @Flag(help: "Have the kernel load what opens, if its maps are small.") var load = false
    @Option(help: ArgumentHelp("Write the first object to a file, and do not open it.", valueName: "FILE")) var write: String?
    @Flag(help: .hidden) var worker = false

    static func main() async {
        // What this program starts to look at an object is this program.
        Inspection.serveIfAsked()
        await main(nil)
    }

    func run() async throws {
        if let write {
            return try Data(mutator.object(first).bytes).write(to: URL(filePath: write))
        }
        if worker { return try await work() }
        let progress = try Progress()
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = Array(CommandLine.arguments.dropFirst()) + ["--worker"]
        process.standardInput = progress.file
        process.environment = ["SWIFT_BACKTRACE": "enable=no"]
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal else { throw ExitCode(process.terminationStatus) }
        let number = progress.number
        let what = process.terminationStatus == SIGALRM ? "takes for ever" : "ends the process by signal \(process.terminationStatus)"
        print("object \(number) of seed \(seed), once \(mutator.object(number).name): \(what)")
        print("To have it: fuzz-objects --seed \(seed) --first \(number) --write broken.o")
        throw ExitCode(1)
    }

    private var mutator: ObjectMutator {
        ObjectMutator(
            originals: [EmbeddedObject.globalKinds, .mapKinds, .relocations, .sectionNames].map {
                ObjectMutator.Original(name: $0.name, bytes: $0.bytes)
            }, seed: seed)
    }

    private func work() async throws {
        let (mutator, progress) = (mutator, Progress(shared: STDIN_FILENO))
        let start = ContinuousClock.now
        var (number, opened, loaded, compared) = (first, 0, 0, 0)
        var reasons: Set<String> = []
        var descriptors: Int?
        while ContinuousClock.now - start < .seconds(seconds), number - first < count {
            let (name, bytes) = mutator.object(number)
            progress.number = number
            alarm(10)
            do throws(BPFError) {
                _ = try ObjectReport(OpenObject(.bytes(bytes, name: name)), bytes: bytes.count)
                opened += 1
                if load, loads(bytes, name) { loaded += 1 }
            } catch {
                // Places differ from object to object.
                reasons.insert("\(error)".filter { !$0.isNumber })
            }
            if number % other == 0 {
                alarm(30)
                let here = Result { () throws(InspectionError) in try Inspection.reportHere(on: bytes, name: name) }
                let there: Result<ObjectReport, InspectionError>
                do throws(InspectionError) {
                    there = .success(try await Inspection().report(on: bytes, name: name))
                } catch {
                    there = .failure(error)
                }
                if here != there { try fail(number, "is told otherwise by another process\n  here  \(here)\n  there \(there)") }
                compared += 1
            }
            if (number - first) % 1000 == 100 {
                let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                if let descriptors, open > descriptors { try fail(number, "or one before left \(open - descriptors) descriptors open") }
                descriptors = descriptors ?? open
            }
            number += 1
        }
        let time = (ContinuousClock.now - start) / .seconds(1)
        print(
            """
            \(number - first) broken objects: \(opened) opened\(load ? " and \(loaded) loaded" : ""), the others refused in \(reasons.count) ways; \(compared) of them by another \
            process too, which said the same; no crash, no hang, no descriptor left (\(Int(time)) s, seed \(seed))
            """)
    }

    /// Whether the kernel takes what is left of an object. Maps that are said to be large would only cost memory.
    private func loads(_ bytes: [UInt8], _ name: String) -> Bool {
        do throws(BPFError) {
            var object = try OpenObject(.bytes(bytes, name: name))
            for map in object.maps where map.pin != nil { try object.setPin(at: nil, ofMap: map.name) }
            let isSmall = object.maps.allSatisfy { $0.keySize < 4096 && $0.valueSize < 65_536 && $0.maxEntries <= 65_536 }
            guard isSmall else { return false }
            _ = try object.load()
            return true
        } catch {
            return false
        }
    }

    private func fail(_ number: Int, _ words: String) throws -> Never {
        print("object \(number) of seed \(seed): \(words)\nTo have it: fuzz-objects --seed \(seed) --first \(number) --write broken.o")
        throw ExitCode(1)
    }
}

/// The number of the object at hand, in memory that outlives the process that is at it.
struct Progress {
    let file: FileHandle
    private let memory: UnsafeMutablePointer<Int>

    /// Memory to be shared.
    init() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "fuzz-objects-\(getpid())").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        unlink(path)
        guard descriptor >= 0, ftruncate(descriptor, 8) == 0 else { throw CocoaError(.fileWriteUnknown) }
        self.init(shared: descriptor)
    }

    /// The memory somebody else shares by this descriptor.
    init(shared descriptor: CInt) {
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        guard let memory = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
            fatalError("the worker is started by fuzz-objects alone")
        }
        self.memory = memory.bindMemory(to: Int.self, capacity: 1)
    }

    var number: Int {
        get { memory.pointee }
        nonmutating set { memory.pointee = newValue }
    }
}
