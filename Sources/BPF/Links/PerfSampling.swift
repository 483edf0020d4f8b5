import CLibBPF
import Glibc

extension TypedProgram<PerfSampling> {
    /// Has the program run each time a clock or counter has gone on so far: on one processor, or by one link for each of them.
    ///
    /// - Throws: `BPFError` with ENOENT or EOPNOTSUPP where the processor, or the virtual machine, has no such counter, EACCES without the
    ///   right to open perf events.
    ///
    /// Requires Linux 5.15. The corresponding libbpf function is `bpf_program__attach_perf_event_opts`.
    public func attach(to sample: PerfSample, cookie: UInt64 = 0) throws(BPFError) -> Attachment {
        try program.attach(sample: sample, cookie: cookie)
    }
}

extension Program {
    func attach(sample: PerfSample, cookie: UInt64) throws(BPFError) -> Attachment {
        let subject = "program \(name) to perf_event \(sample)"
        // A process is followed from processor to processor.
        if sample.pid != nil || sample.cpu != nil {
            let event = try PerfEvent(sample, cpu: sample.cpu ?? -1, subject: subject)
            return Attachment(try event.link(to: self, cookie: cookie, subject: subject))
        }
        var parts: [any AttachmentPart] = []
        for cpu in 0..<Int32(max(1, libbpf_num_possible_cpus())) {
            do throws(BPFError) {
                let event = try PerfEvent(sample, cpu: cpu, subject: subject)
                parts.append(LinkPart(try event.link(to: self, cookie: cookie, subject: subject)))
            } catch {
                // A processor that is switched off.
                guard error.errno == ENODEV, cpu > 0 else { throw error }
            }
        }
        return Attachment(parts)
    }
}
