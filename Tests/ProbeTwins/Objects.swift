public import BPF

// The build plugin adds an `EmbeddedObject` for each `*.bpf.c` of this folder: bundled probes that are written in Swift as they are in C.
