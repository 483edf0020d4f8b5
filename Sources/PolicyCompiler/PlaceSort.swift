/// Sorts by a number, digit after digit from the last, where there are many: lists of addresses have a million.
enum PlaceSort {
    private static let digitBits = 11
    /// Below it comparing is as good.
    private static let fewElements = 4096

    /// Sorts elements by a number each of them has; those of the same stay in their order where there are many.
    @inline(__always)
    static func sort<Element, Place: FixedWidthInteger & UnsignedInteger>(_ elements: inout [Element], _ place: (Element) -> Place) {
        guard elements.count > fewElements else { return elements.sort { place($0) < place($1) } }
        // Digits that are the same in all need no turn.
        let first = place(elements[0])
        let differing = elements.reduce(Place(0)) { $0 | (place($1) ^ first) }
        var other = elements
        for shift in stride(from: 0, to: Place.bitWidth, by: digitBits) {
            let mask = (1 << digitBits) - 1
            guard Int(truncatingIfNeeded: differing >> Place(shift)) & mask != 0 else { continue }
            var starts = [Int](repeating: 0, count: 2 + mask)
            for element in elements { starts[Int(truncatingIfNeeded: place(element) >> Place(shift)) & mask + 1] += 1 }
            for digit in 1...mask { starts[digit] += starts[digit - 1] }
            for element in elements {
                let digit = Int(truncatingIfNeeded: place(element) >> Place(shift)) & mask
                other[starts[digit]] = element
                starts[digit] += 1
            }
            swap(&elements, &other)
        }
    }
}
