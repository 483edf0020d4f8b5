// The build plugin adds an `EmbeddedObject` for each `*.bpf.c` of this folder, and what it declares as Swift types.
