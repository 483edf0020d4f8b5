import FoundationEssentials
import Glibc

// Swift's module of glibc does not show malloc.h: its functions are looked up by name.

/// Has large blocks of memory be mappings of their own, which go back to the system when they are freed.
///
/// Left alone, glibc takes the size of blocks that were freed for a sign that more of that size will come, and keeps up to 32 MiB each
/// in its heaps, between blocks that stay: after an apply of a long list, tens of megabytes. To be called before anything is allocated.
func returnLargeBlocks() {
    guard let symbol = dlsym(nil, "mallopt") else { return }
    typealias SetOption = @convention(c) (CInt, CInt) -> CInt
    // M_MMAP_THRESHOLD of malloc.h.
    _ = unsafeBitCast(symbol, to: SetOption.self)(-3, 128 << 10)
}

/// Gives memory that was freed back to the system: an apply of long lists needs hundreds of megabytes for a second.
///
/// The corresponding function is glibc's malloc_trim.
func returnFreedMemory() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (Int) -> CInt
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
}

/// Gives up the pages of programs and libraries that lie in memory since they were needed once: those of the start alone are half of
/// what a daemon at rest would have. What is needed again comes back from the page cache as it is touched.
func returnProgramPages() {
    // All at once and last: what the reading of the list needs is among them.
    for range in programMappings() { _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED) }
}

/// The mappings of files that nothing was ever written into: their pages are the files' own.
private func programMappings() -> [Range<UInt>] {
    guard let data = FileManager.default.contents(atPath: "/proc/self/smaps") else { return [] }
    var found: [Range<UInt>] = []
    var range: Range<UInt>?
    for line in data.split(separator: UInt8(ascii: "\n")) {
        let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard let first = fields.first else { continue }
        if first == "Anonymous:" {
            if let range, fields.count > 1, fields[1] == "0" { found.append(range) }
            range = nil
        } else if !first.hasSuffix(":") {
            // `7f00-7f01 r-xp 00000000 fe:00 1234 /usr/lib/libc.so.6`
            let ends = first.split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1], fields.count > 5, fields[5].hasPrefix("/") else { continue }
            range = fields[1].hasPrefix("r") && !fields[1].contains("w") && fields[1].hasSuffix("p") ? ends[0]..<ends[1] : nil
        }
    }
    return found
}
