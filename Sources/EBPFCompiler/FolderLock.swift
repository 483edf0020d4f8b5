import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps other processes out of a folder while this one writes to it; the end of the process ends it.
struct FolderLock {
    private let descriptor: Int32

    /// Waits until the folder is free.
    init(_ folder: URL) throws {
        let path = folder.appending(path: "lock").path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        var isLocked = false
        while descriptor >= 0, !isLocked {
            isLocked = flock(descriptor, LOCK_EX) == 0
            if !isLocked, errno != EINTR { break }
        }
        guard isLocked else {
            throw EBPFCompiler.Failure(description: "error: \(path) cannot be locked: \(String(cString: strerror(errno)))")
        }
    }

    func release() { close(descriptor) }
}
