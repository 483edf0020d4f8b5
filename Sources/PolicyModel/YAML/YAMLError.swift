/// Why a text is not YAML that policyd reads.
package struct YAMLError: Error, Hashable, Sendable {
    /// Where, from 1.
    package var line: Int
    /// Where, from 1, in Unicode scalars.
    package var column: Int
    /// What is wrong, in a clause.
    package var message: String
}

extension YAMLError {
    /// libyaml's words, which speak of tokens and streams, in those of somebody who edits a file.
    static func inWords(problem: String, context: String) -> String {
        // In a list without blanks, [!set:x], libyaml takes the bracket for part of a tag.
        if context == "while scanning a tag" { return "text that begins with ! needs quotes" }
        return switch problem {
        case "found character that cannot start any token":
            "a value cannot begin with this character (tabs cannot indent; text that begins with @ or ` needs quotes)"
        case "found a tab character where an indentation space is expected", "found a tab character that violates indentation":
            "tabs cannot indent: use spaces"
        case "mapping values are not allowed in this context":
            "a ':' is not possible here: wrong indentation, or text with a ':' that needs quotes"
        case "could not find expected ':'":
            "a key without ':'"
        case "did not find expected key":
            "the indentation fits nothing above it"
        case "did not find expected '-' indicator":
            "the indentation fits no entry of the list above"
        case "did not find expected ',' or ']'":
            "a list that '[' began lacks a ',' or its ']'"
        case "did not find expected ',' or '}'":
            "a mapping that '{' began lacks a ',' or its '}'"
        case "did not find expected node content":
            "a value is missing here, or the ']' or '}' of the list or mapping around it"
        case "found unexpected end of stream" where context.contains("quoted scalar"),
            "found unexpected document indicator" where context.contains("quoted scalar"):
            "a quote that is never closed"
        case "control characters are not allowed":
            "control characters are not allowed"
        default:
            context.isEmpty ? problem : "\(problem) (\(context))"
        }
    }
}
