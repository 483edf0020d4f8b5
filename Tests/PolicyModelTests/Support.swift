import PolicyModel
import Testing

/// A HostPolicy document with these lines under `spec`, which begin on line 5.
func policyText(_ spec: String, name: String = "web") -> String {
    "apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: \(name) }\nspec:\n"
        + spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n") + "\n"
}

/// A document with one ingress rule, which is on line 6 and begins in column 7.
func ruleText(_ rule: String) -> String {
    policyText("ingress:\n  - { \(rule) }")
}

/// The first lines of all diagnostics of reading a text.
func messages(_ text: String, path: String = "web.yaml") -> [String] {
    DocumentLoader.load(text: text, path: path).diagnostics.map(\.summary)
}

/// The only policy of a text that has to be sound.
func policy(_ text: String) throws -> HostPolicy {
    let loaded = DocumentLoader.load(text: text, path: "web.yaml")
    try #require(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map(\.summary))")
    guard case .policy(let policy) = try #require(loaded.documents.first).value else { throw NotAPolicy() }
    return policy
}

/// The only ingress rule of a text made of its fields.
func rule(_ fields: String) throws -> Rule {
    try #require(try policy(ruleText(fields)).ingress.first)
}

struct NotAPolicy: Error {}
