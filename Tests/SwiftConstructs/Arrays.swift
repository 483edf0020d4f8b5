// Many of one type, in memory of a size that is known.

public func inlineArraySum(_ n: Numbers) -> UInt64 {
    let array: InlineArray<4, UInt64> = [n.a, n.b, n.c, n.d]
    var total: UInt64 = 0
    for i in array.indices { total &+= array[i] &* UInt64(i + 1) }
    return total
}

public func inlineArrayWrite(_ n: Numbers) -> UInt64 {
    var histogram = InlineArray<16, UInt8>(repeating: 0)
    for place in 0..<16 { histogram[Int((n.a &>> UInt64(place * 4)) & 15)] &+= 1 }
    var most = 0
    for i in 1..<16 where histogram[i] > histogram[most] { most = i }
    return UInt64(most) &* 100 &+ UInt64(histogram[most])
}

public func variableIndex(_ n: Numbers) -> UInt64 {
    let array: InlineArray<4, UInt64> = [n.a, n.b, n.c, n.d]
    return array[Int(n.a & 3)]
}

public func testedIndex(_ n: Numbers) -> UInt64 {
    let array: InlineArray<5, UInt32> = [2, 3, 5, 7, 11]
    guard n.a < 5 else { return 0 }
    return UInt64(array[Int(n.a)])
}

public func nestedInlineArray(_ n: Numbers) -> UInt64 {
    var grid = InlineArray<3, InlineArray<3, UInt64>>(repeating: InlineArray(repeating: 1))
    grid[1][2] = n.a
    grid[Int(n.b & 1)][0] = n.c
    var total: UInt64 = 0
    for row in 0..<3 { for column in 0..<3 { total = total &* 3 &+ grid[row][column] } }
    return total
}

public func arrayInitialiser(_ n: Numbers) -> UInt64 {
    let squares = InlineArray<8, UInt64> { index in UInt64(index * index) ^ n.a }
    return squares[2] &+ squares[7]
}

public func bubbleSort(_ n: Numbers) -> UInt64 {
    var array: InlineArray<4, UInt64> = [n.a & 0xffff, n.b & 0xffff, n.c & 0xffff, n.d & 0xffff]
    for end in (1..<4).reversed() {
        for i in 0..<end where array[i] > array[i + 1] { array.swapAt(i, i + 1) }
    }
    return array[0] | array[1] &<< 16 | array[2] &<< 32 | array[3] &<< 48
}

/// A table of constants.
enum Primes {
    static let table: InlineArray<16, UInt16> = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53]
}

public func constantTable(_ n: Numbers) -> UInt64 { UInt64(Primes.table[Int(n.a & 15)]) &* UInt64(Primes.table[Int(n.b & 7)]) }

public func spanOfArray(_ n: Numbers) -> UInt64 {
    let array: InlineArray<4, UInt64> = [n.a, n.b, n.c, n.d]
    let span = array.span
    var total: UInt64 = 0
    for i in span.indices { total ^= span[i] }
    return total &+ UInt64(span.count)
}

public func tupleAsArray(_ n: Numbers) -> UInt64 {
    let tuple = (n.a, n.b, n.c)
    let (first, _, last) = tuple
    var copy = tuple
    copy.1 = first &+ last
    (copy.0, copy.2) = (copy.2, copy.0)
    return copy.0 &+ copy.1 &* 2 &+ copy.2 &* 3
}

public func namedTuple(_ n: Numbers) -> UInt64 {
    func divide(_ a: UInt64, by b: UInt64) -> (quotient: UInt64, rest: UInt64)? { b == 0 ? nil : (a / b, a % b) }
    guard let result = divide(n.a, by: n.b & 0xffff) else { return 1 }
    return result.quotient ^ result.rest
}

public func arrayLiteralLoop(_ n: Numbers) -> UInt64 {
    var total: UInt64 = 0
    let weights: InlineArray<3, UInt64> = [7, 11, 13]
    for i in weights.indices { total &+= weights[i] &* (n.a &>> UInt64(i)) }
    return total
}

/// A ring of the last values, of a size that its type says.
struct History<let size: Int> {
    var values = InlineArray<size, UInt64>(repeating: 0)
    var count = 0
    mutating func append(_ value: UInt64) {
        values[count % size] = value
        count &+= 1
    }
}

public func genericStorage(_ n: Numbers) -> UInt64 {
    var history = History<3>()
    history.append(n.a)
    history.append(n.b)
    history.append(n.c)
    history.append(n.d)
    return history.values[0] &+ history.values[1] &* 2 &+ history.values[2] &* 4
}
