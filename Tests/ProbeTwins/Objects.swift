// The build plugin adds an `EmbeddedObject` for each program of this folder: bundled probes that are written in Swift as they are in C,
// and the datapath's header walk in both languages.
