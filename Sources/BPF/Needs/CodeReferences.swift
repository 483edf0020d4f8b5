/// What the functions of an object refer to, by their instructions and the relocations of these.
struct CodeReferences {
    /// A function, whether it is a program or called by one.
    struct Function {
        var name: String
        /// The section's number, and the function's place in it in bytes.
        var section: Int
        var range: Range<Int>
        var helpers: Set<UInt32> = []
        var kernelFunctions: Set<String> = []
        var maps: Set<String> = []
        /// Functions it calls, or gives to helpers to be called, by their position.
        var callees: Set<Int> = []
    }

    private(set) var functions: [Function] = []
    /// The functions of each section in the order of their places.
    private var order: [Int: [Int]] = [:]

    /// Parts of instructions.
    private enum Code {
        static let size = 8
        static let call: UInt8 = 0x85
        /// Loads 64 bits, and takes two places.
        static let loadAddress: UInt8 = 0x18
        static let ownFunction: UInt8 = 1
    }

    init(_ file: ELFObject) {
        for symbol in file.symbols where symbol.type == 2 && Int(symbol.section) < file.sections.count {
            let section = Int(symbol.section)
            guard section != 0, file.sections[section].flags & ELFObject.Kind.hasCode != 0 else { continue }
            functions.append(
                Function(name: symbol.name, section: section, range: Int(symbol.value)..<Int(symbol.value + symbol.size)))
        }
        order = Dictionary(grouping: functions.indices) { functions[$0].section }.mapValues { positions in
            positions.sorted { functions[$0].range.lowerBound < functions[$1].range.lowerBound }
        }
        // The symbol each relocated place names.
        var named: [Int: [Int: ELFObject.Symbol]] = [:]
        for section in file.sections where section.type == ELFObject.Kind.relocations {
            for entry in stride(from: 0, to: section.content.count, by: 16) {
                guard let place = section.content.load(entry, as: UInt64.self), let info = section.content.load(entry + 8, as: UInt64.self)
                else { continue }
                named[Int(section.info), default: [:]][Int(place)] = file.symbols[Int(info >> 32)]
            }
        }
        for position in functions.indices { read(position, file, named[functions[position].section] ?? [:]) }
    }

    private mutating func read(_ position: Int, _ file: ELFObject, _ named: [Int: ELFObject.Symbol]) {
        let (section, range) = (functions[position].section, functions[position].range)
        let code = file.sections[section].content
        var place = range.lowerBound
        while place < range.upperBound {
            guard let operation = code.load(place, as: UInt8.self), let registers = code.load(place + 1, as: UInt8.self),
                let number = code.load(place + 4, as: Int32.self)
            else { return }
            let symbol = named[place]
            if operation == Code.call {
                // What a call has is the distance to its target, counted from the place behind it.
                let distance = (Int(number) + 1) * Code.size
                if let symbol {
                    if symbol.section == 0 {
                        if !symbol.isWeak { functions[position].kernelFunctions.insert(symbol.name) }
                    } else if let callee = function(inSection: Int(symbol.section), at: Int(symbol.value) + distance) {
                        functions[position].callees.insert(callee)
                    }
                } else if registers >> 4 == Code.ownFunction {
                    if let callee = function(inSection: section, at: place + distance) { functions[position].callees.insert(callee) }
                } else if registers >> 4 == 0 {
                    functions[position].helpers.insert(UInt32(bitPattern: number))
                }
            }
            if operation == Code.loadAddress {
                if let symbol, Int(symbol.section) < file.sections.count {
                    if file.sections[Int(symbol.section)].name == ".maps" {
                        functions[position].maps.insert(symbol.name)
                    } else if let callee = function(inSection: Int(symbol.section), at: Int(symbol.value) + Int(number)) {
                        functions[position].callees.insert(callee)
                    }
                }
                place += Code.size
            }
            place += Code.size
        }
    }

    /// The function that has a place of a section.
    func function(inSection section: Int, at place: Int) -> Int? {
        guard let positions = order[section] else { return nil }
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            if functions[positions[middle]].range.lowerBound <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0, functions[positions[low - 1]].range.contains(place) else { return nil }
        return positions[low - 1]
    }

    /// A function and all that run because of it.
    func reached(from start: Int) -> Set<Int> {
        var found: Set<Int> = [start]
        var open = [start]
        while let position = open.popLast() {
            for callee in functions[position].callees where found.insert(callee).inserted { open.append(callee) }
        }
        return found
    }
}
