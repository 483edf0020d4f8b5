// The build plugin adds an `EmbeddedObject` for each `*.bpf.c` of this folder.
