/// How much work an analysis may do. What is left when it is spent is said to be not analysed.
public struct AnalysisBudget: Hashable, Sendable {
    /// Comparisons of boxes, some 10 to 50 nanoseconds each.
    public var comparisons: Int
    /// Comparisons for one rule, or one pair of rules.
    public var perQuestion: Int
    /// Rules and set entries; of more nothing is analysed.
    public var size: Int

    public init(comparisons: Int = 400_000_000, perQuestion: Int = 4_000_000, size: Int = 400_000) {
        self.comparisons = comparisons
        self.perQuestion = perQuestion
        self.size = size
    }

    /// For what has to be done in milliseconds: a daemon's apply. Making the boxes of 10,000 rules alone takes as long as all else.
    public static let brief = AnalysisBudget(comparisons: 1_000_000, perQuestion: 50_000, size: 2_000)
}

/// Rules in the order of evaluation, of which the first that matches a packet says whether the packet is kept away.
struct Barrier {
    struct Member {
        /// The number of the rule, for those who want to know what kept a packet away.
        var number: Int
        var box: Box
        /// Whether the packet is kept away; if not, it is past this barrier.
        var stops: Bool
    }

    var members: [Member]

    /// What of the barrier is left within a box; or the rule that keeps the whole box away.
    func part(of box: Box, _ cost: inout Int) -> (barrier: Barrier, wall: Member?) {
        var kept: [Member] = []
        for member in members where member.box.intersects(box) {
            cost += 1
            if box.isSubset(of: member.box) {
                if member.stops {
                    // Nothing before it lets a packet past: all are kept away.
                    if kept.allSatisfy(\.stops) { return (Barrier(members: []), member) }
                    kept.append(member)
                }
                break
            }
            kept.append(member)
        }
        cost += members.count
        while let last = kept.last, !last.stops { kept.removeLast() }
        return (Barrier(members: kept), nil)
    }
}

/// Looks for a packet of a box that no barrier keeps away, or finds out that there is none.
///
/// A point of the box is taken, the lightest; if a rule keeps it away, the search goes on in the parts of the box outside of this rule, and
/// in those where an earlier rule lets packets past the barrier.
struct PointSearch {
    enum Result {
        case found([Int32])
        /// There is none; rules whose sum keeps all away, by barrier and number.
        case none(Set<Wall>)
        /// The budget was spent.
        case unknown
    }

    struct Wall: Hashable {
        var barrier: Int
        var number: Int
    }

    let space: PacketSpace
    /// What may still be spent.
    private(set) var budget: Int
    private var walls: Set<Wall> = []

    init(_ space: PacketSpace, budget: Int) {
        self.space = space
        self.budget = budget
    }

    mutating func run(_ box: Box, _ barriers: [Barrier]) -> Result {
        walls = []
        guard !box.isEmpty else { return .none([]) }
        switch node(box, barriers.enumerated().map { ($0.offset, $0.element) }, depth: 0) {
        case .found(let point): return .found(point)
        case .none: return .none(walls)
        case .unknown: return .unknown
        }
    }

    private enum Step {
        case found([Int32])
        case none
        case unknown
    }

    private mutating func node(_ box: Box, _ barriers: [(number: Int, barrier: Barrier)], depth: Int) -> Step {
        var near: [(number: Int, barrier: Barrier)] = []
        var cost = 1
        for (number, barrier) in barriers {
            let (part, wall) = barrier.part(of: box, &cost)
            if let wall {
                walls.insert(Wall(barrier: number, number: wall.number))
                budget -= cost
                return .none
            }
            if !part.members.isEmpty { near.append((number, part)) }
        }
        let point = space.point(in: box)
        guard !near.isEmpty else { return .found(point) }
        budget -= cost
        // The depth is bounded because each step down is a frame of the stack.
        guard budget > 0, depth < 2000 else { return .unknown }
        guard let block = block(of: point, box, near) else { return .found(point) }

        let barrier = near[block.barrier].barrier
        let wall = barrier.members[block.member]
        var rest = box
        var isKnown = true
        for field in 0..<Box.fieldCount where !rest.fields[field].isSubset(of: wall.box.fields[field]) {
            var piece = rest
            piece.fields[field] = rest.fields[field].subtracting(wall.box.fields[field])
            rest.fields[field] = rest.fields[field].intersection(wall.box.fields[field])
            switch node(piece, near, depth: depth + 1) {
            case .found(let point): return .found(point)
            case .none: break
            case .unknown: isKnown = false
            }
            if budget <= 0 { return .unknown }
        }
        for gate in barrier.members[..<block.member] where !gate.stops && gate.box.intersects(rest) {
            switch node(rest.intersection(gate.box), near, depth: depth + 1) {
            case .found(let point): return .found(point)
            case .none: break
            case .unknown: isKnown = false
            }
            if budget <= 0 { return .unknown }
        }
        guard isKnown else { return .unknown }
        walls.insert(Wall(barrier: near[block.barrier].number, number: wall.number))
        return .none
    }

    /// The rule that keeps a point away; of several the one that leaves least of the box.
    private func block(
        of point: [Int32], _ box: Box, _ barriers: [(number: Int, barrier: Barrier)]
    ) -> (barrier: Int, member: Int)? {
        var best: (barrier: Int, member: Int)?
        var bestOpen = Box.fieldCount + 1
        for (number, entry) in barriers.enumerated() {
            for (place, member) in entry.barrier.members.enumerated() where member.box.contains(point) {
                guard member.stops else { break }
                let open = (0..<Box.fieldCount).count { !box.fields[$0].isSubset(of: member.box.fields[$0]) }
                if open < bestOpen {
                    best = (number, place)
                    bestOpen = open
                }
            }
        }
        return best
    }
}
