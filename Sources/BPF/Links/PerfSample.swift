import CLibBPF

/// A clock or counter of the kernel or the processor, and how often it has a program run.
public struct PerfSample: Sendable, Hashable {
    /// What is counted, by the names the `perf` command uses.
    public enum Event: String, Sendable, Hashable, CaseIterable {
        /// The time of each processor, in nanoseconds.
        case cpuClock = "cpu-clock"
        /// The time of each task on a processor, in nanoseconds.
        case taskClock = "task-clock"
        case pageFaults = "page-faults"
        case contextSwitches = "context-switches"
        case cpuMigrations = "cpu-migrations"
        case minorFaults = "minor-faults"
        case majorFaults = "major-faults"
        /// Counters of the processor, which virtual machines often lack.
        case cycles
        case instructions
        case cacheReferences = "cache-references"
        case cacheMisses = "cache-misses"
        case branches
        case branchMisses = "branch-misses"

        var attribute: (type: UInt32, config: UInt64) {
            let software = PERF_TYPE_SOFTWARE.rawValue
            let hardware = PERF_TYPE_HARDWARE.rawValue
            switch self {
            case .cpuClock: return (software, UInt64(PERF_COUNT_SW_CPU_CLOCK.rawValue))
            case .taskClock: return (software, UInt64(PERF_COUNT_SW_TASK_CLOCK.rawValue))
            case .pageFaults: return (software, UInt64(PERF_COUNT_SW_PAGE_FAULTS.rawValue))
            case .contextSwitches: return (software, UInt64(PERF_COUNT_SW_CONTEXT_SWITCHES.rawValue))
            case .cpuMigrations: return (software, UInt64(PERF_COUNT_SW_CPU_MIGRATIONS.rawValue))
            case .minorFaults: return (software, UInt64(PERF_COUNT_SW_PAGE_FAULTS_MIN.rawValue))
            case .majorFaults: return (software, UInt64(PERF_COUNT_SW_PAGE_FAULTS_MAJ.rawValue))
            case .cycles: return (hardware, UInt64(PERF_COUNT_HW_CPU_CYCLES.rawValue))
            case .instructions: return (hardware, UInt64(PERF_COUNT_HW_INSTRUCTIONS.rawValue))
            case .cacheReferences: return (hardware, UInt64(PERF_COUNT_HW_CACHE_REFERENCES.rawValue))
            case .cacheMisses: return (hardware, UInt64(PERF_COUNT_HW_CACHE_MISSES.rawValue))
            case .branches: return (hardware, UInt64(PERF_COUNT_HW_BRANCH_INSTRUCTIONS.rawValue))
            case .branchMisses: return (hardware, UInt64(PERF_COUNT_HW_BRANCH_MISSES.rawValue))
            }
        }
    }

    /// How often the program runs.
    public enum Rate: Sendable, Hashable {
        /// About so many times a second.
        case frequency(UInt64)
        /// Once in so many counts: nanoseconds of a clock, or events.
        case period(UInt64)
    }

    public var event: Event
    public var rate: Rate
    /// The process that is watched, on all processors; without one all processes.
    public var pid: Int32?
    /// The processor that is watched; without one all of them.
    public var cpu: Int32?

    /// A clock or counter.
    public init(_ event: Event, _ rate: Rate, pid: Int32? = nil, cpu: Int32? = nil) {
        self.event = event
        self.rate = rate
        self.pid = pid
        self.cpu = cpu
    }
}

extension PerfSample: CustomStringConvertible {
    /// `cpu-clock frequency=99 pid=7`.
    public var description: String {
        var text = event.rawValue
        switch rate {
        case .frequency(let count): text += " frequency=\(count)"
        case .period(let count): text += " period=\(count)"
        }
        if let pid { text += " pid=\(pid)" }
        if let cpu { text += " cpu=\(cpu)" }
        return text
    }
}
