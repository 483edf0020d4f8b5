/// Cuts a line into words as shells and iptables-save do: blanks part them, quotes hold them together.
enum Words {
    static func split(_ line: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                word.unicodeScalars.append(scalar)
                isEscaped = false
            } else if scalar == "\\", quote != "'" {
                isEscaped = true
                isWord = true
            } else if let open = quote {
                if scalar == open { quote = nil } else { word.unicodeScalars.append(scalar) }
            } else if scalar == "\"" || scalar == "'" {
                quote = scalar
                isWord = true
            } else if scalar == " " || scalar == "\t" || scalar == "\r" {
                if isWord { words.append(word) }
                word = ""
                isWord = false
            } else {
                word.unicodeScalars.append(scalar)
                isWord = true
            }
        }
        if isWord { words.append(word) }
        return words
    }

    /// The lines of a text, whatever ends them, with their numbers from 1.
    static func lines(_ text: String) -> [(number: Int, line: Substring)] {
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().map { index, line in
            (index + 1, Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
        }
    }
}
