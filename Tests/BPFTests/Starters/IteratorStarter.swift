import BPF
import BPFTestObjects
import Glibc
import Testing

/// A list of all tasks, as a text file of the kernel's would have it.
@Test func `starter: iterator`() throws {
    let program = try OpenObject(.starterIterator).load().program("list_tasks", as: KernelIterator.self)
    let lines = try program.attach().read().text().split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("\(getpid()) \(getpid()) ") })
}
