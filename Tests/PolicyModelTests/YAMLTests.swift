import PolicyModel
import Testing

@Suite struct YAMLTests {
    @Test(arguments: [
        ("a: [1, 2\nb: 3\n", "p.yaml:2:2: error: a list that '[' began lacks a ',' or its ']'"),
        ("a: \"open\nb: c\n", "p.yaml:1:4: error: a quote that is never closed"),
        ("a:\n  b: 1\n c: 2\n", "p.yaml:3:2: error: the indentation fits nothing above it"),
        (
            "a:\n\tb: 1\n",
            "p.yaml:2:1: error: a value cannot begin with this character (tabs cannot indent; text that begins with @ or ` needs quotes)"
        ),
        ("a: b: c\n", "p.yaml:1:5: error: a ':' is not possible here: wrong indentation, or text with a ':' that needs quotes"),
        ("a: *nowhere\n", "p.yaml:1:4: error: '*nowhere' refers to an anchor that is not there; text that begins with * needs quotes"),
        ("from: [!set:abusers ]\n", "p.yaml:1:8: error: text that begins with ! needs quotes: \"!set:abusers\""),
        ("from: [!set:abusers]\n", "p.yaml:1:8: error: text that begins with ! needs quotes"),
        ("a: !!str b\n", "p.yaml:1:4: error: YAML tags (tag:yaml.org,2002:str) are not supported"),
        ("a: \u{1}\n", "p.yaml:1:4: error: control characters are not allowed"),
        ("ä: ö\nü: \u{1}\n", "p.yaml:2:4: error: control characters are not allowed"),
    ])
    func `text that is no YAML is told with line and column`(text: String, expected: String) {
        #expect(messages(text, path: "p.yaml") == [expected])
    }

    @Test func `after a document that cannot be read the next ones are`() {
        let text = "a: [\n---\n\(ruleText("action: deny, ports: [70000]"))---\nb: \"x\n--- \nc: 1\n"
        let found = messages(text, path: "p.yaml")
        #expect(found.count == 8)
        #expect(found.first == "p.yaml:2:1: error: a value is missing here, or the ']' or '}' of the list or mapping around it")
        #expect(found.contains("p.yaml:8:31: error: ports: 70000 is not a port (0-65535)"))
        #expect(found.contains("p.yaml:10:4: error: a quote that is never closed"))
        #expect(found.contains("p.yaml:12:1: error: document: unknown key 'c'; known are apiVersion, kind, metadata and spec"))
    }

    @Test func `a bomb of aliases is refused fast`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...40 { text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n" }
        let time = ContinuousClock().measure {
            let found = messages(text, path: "p.yaml")
            #expect(found.count == 1 && found[0].hasSuffix("error: aliases make the document grow beyond 1000000 values"))
        }
        #expect(time < .seconds(2))
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func `nesting beyond measure is refused fast`(opening: String) {
        let text = "a: \n " + String(repeating: opening, count: 200_000)
        let time = ContinuousClock().measure {
            let found = messages(text, path: "p.yaml")
            #expect(found.count == 1 && found[0].contains("nested more than 64 deep"), "\(found)")
        }
        #expect(time < .seconds(2))
    }

    @Test func `aliases cannot nest deeper than text can`() {
        var text = "a0: &a0 [x]\n"
        for level in 1...200 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        let found = messages(text, path: "p.yaml")
        #expect(found.count == 1 && found[0].contains("nested more than 64 deep"), "\(found)")
    }

    @Test func `keys that are no words are told`() {
        let found = messages("? [a, b]\n: c\n", path: "p.yaml")
        #expect(found.last == "p.yaml:1:3: error: document: a key has to be a word, not a list")
    }

    @Test func `an alias to itself is refused`() {
        #expect(messages("a: &a [*a]\n", path: "p.yaml").count == 1)
    }
}
