// The build plugin adds an `EmbeddedObject` for each `*.bpf.swift` of this folder.
