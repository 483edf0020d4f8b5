extension Configuration {
    /// Reads `policyd.yaml`.
    ///
    /// - Throws: ``ConfigurationError`` with all that is wrong in the file.
    init(file: String) throws {
        throw ConfigurationError("\(file): not yet")
    }
}
