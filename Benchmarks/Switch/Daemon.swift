import BPFTesting
import Foundation
import PolicyTesting
import SwitchTraffic

/// The two programs at work in namespaces of their own.
final class Daemon {
    private let host: NetworkNamespace
    private let peer: NetworkNamespace
    private let bpffs: PrivateBPFFS
    private let folder: String
    private let policyd: String
    private let policyctl: String
    private var process: ChildProcess?
    private var side = Side.straight
    private var runs = 0

    init(programs: String) throws {
        (policyd, policyctl) = ("\(programs)/policyd", "\(programs)/policyctl")
        for program in [policyd, policyctl] where !FileManager.default.isExecutableFile(atPath: program) {
            throw TestFailure("there is no \(program): build it first, or name its folder with --programs")
        }
        (host, peer) = (try NetworkNamespace(), try NetworkNamespace())
        bpffs = try PrivateBPFFS()
        folder = "/tmp/switches-\(getpid())"
        try FileManager.default.createDirectory(atPath: "\(folder)/policies", withIntermediateDirectories: true)
        try host.connect("eth0", to: peer, "eth0")
        try SwitchTraffic.connect(host, peer)
        for side in Side.allCases {
            try side.document(fillers: side == .straight ? 0 : 300).write(toFile: file(side), atomically: true, encoding: .utf8)
        }
        try start(policyd)
        try apply(.straight)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func file(_ side: Side) -> String { "\(folder)/\(side).yaml" }

    private func fresh(_ name: String) -> String {
        runs += 1
        return "\(name)-\(runs)"
    }

    private func start(_ program: String) throws {
        let name = fresh("policyd")
        let started = try ChildProcess(
            [
                "nsenter", "--net=/run/netns/\(host.name)", program, "--socket", "\(folder)/socket", "--state-dir", "\(folder)/state",
                "--bpffs", bpffs.path("policyd"), "--policies", "\(folder)/policies", "--connection-limit", "4096", "--interfaces", "eth*",
            ], folder: folder, name: name)
        process = started
        for _ in 0..<2_000 {
            if started.hasEnded { break }
            if (try? run("status")) != nil { return }
            usleep(5_000)
        }
        throw TestFailure("policyd does not come up: \(started.errors)")
    }

    private func stop(_ signal: Int32) {
        process?.send(signal)
        _ = process?.wait(seconds: 20)
        process = nil
    }

    private func launch(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            [policyctl] + arguments, folder: folder, name: fresh("policyctl"), environment: ["POLICYD_SOCKET=\(folder)/socket"])
    }

    private func run(_ arguments: String...) throws -> String {
        let child = try launch(arguments)
        guard child.wait(seconds: 60) == 0 else { throw TestFailure("policyctl \(arguments.joined(separator: " ")): \(child.errors)") }
        let output = child.output
        tidy()
        return output
    }

    /// Thousands of runs leave thousands of files of what they printed.
    private func tidy() {
        for ending in ["out", "err"] { unlink("\(folder)/policyctl-\(runs).\(ending)") }
    }

    private func apply(_ side: Side) throws {
        _ = try run("apply", "--replace", "-f", file(side))
        self.side = side
    }

    /// The revision in force; nil if none is.
    private func revision() throws -> Int? {
        struct Status: Decodable {
            struct Revision: Decodable { var number: Int }
            var revision: Revision?
        }
        return try JSONDecoder().decode(Status.self, from: Data(try run("status", "-o", "json").utf8)).revision?.number
    }

    func end() throws {
        _ = try run("down", "--yes")
        stop(SIGTERM)
        guard bpffs.pins.isEmpty else { throw TestFailure("left behind: \(bpffs.pins)") }
    }
}

// MARK: - What is measured

extension Daemon {
    func applies(_ count: Int) throws -> Row {
        try measure("policyctl apply", host, peer, from: side, count) { traffic, _ in
            try traffic.change(to: side.other) { try apply(side.other) }
        }
    }

    /// Each time another build of policyd takes over, with what is pinned.
    func restarts(_ count: Int) throws -> Row {
        let other = "\(folder)/policyd-other"
        try makeOtherBuild(of: policyd, at: other)
        let row = try measure("daemon of another build", host, peer, from: side, count) { traffic, turn in
            try traffic.change(to: side) {
                stop(turn % 4 < 2 ? SIGTERM : SIGKILL)
                try start(turn % 2 == 0 ? other : policyd)
            }
        }
        stop(SIGTERM)
        try start(policyd)
        return row
    }

    /// The daemon is killed in the midst of an apply and started again: what it put in force, or left in force, is whole.
    func kills(_ count: Int, seed: UInt64) throws -> Row {
        var random = SplitMix64(seed: seed)
        // How long an apply takes under this load, from the start of policyctl on: the moments are drawn from a little more.
        let undisturbed = 3
        var whole = Duration.zero
        var taken = 0
        var row = try measure(
            "SIGKILL in the midst of an apply", host, peer, from: side, undisturbed + count, note: { "\(taken) of \(count) took effect" }
        ) { traffic, turn in
            guard turn >= undisturbed else {
                try traffic.change(to: side.other) { whole = max(whole, try ContinuousClock().measure { try apply(side.other) }) }
                return
            }
            let before = try revision()
            try traffic.change {
                let child = try launch(["apply", "--replace", "-f", file(side.other)])
                usleep(UInt32.random(in: 0..<UInt32(whole / .microseconds(1) * 1.2), using: &random))
                stop(SIGKILL)
                _ = child.wait(seconds: 20)
                tidy()
                try start(policyd)
                if try revision() != before {
                    taken += 1
                    side = side.other
                }
                return side
            }
        }
        row.changes = count
        return row
    }
}
