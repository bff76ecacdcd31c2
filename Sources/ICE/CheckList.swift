internal import SansIO

/// The pairs of one generation and the order in which they are checked (RFC 8445 §6.1.2, §6.1.4).
struct CheckList {
    /// By falling priority.
    private(set) var pairs: [CandidatePair] = []
    private var triggered: [CandidatePair.Key] = []

    subscript(key: CandidatePair.Key) -> CandidatePair? { pairs.first { $0.key == key } }

    var hasPending: Bool { pairs.contains { $0.state.isPending } }

    /// The valid pair of the highest priority.
    var bestValid: CandidatePair? { pairs.first { $0.state == .succeeded } }

    /// Waiting and In-Progress pairs, for the retransmission timer (RFC 8445 §14.3).
    var loadCount: Int { pairs.count { $0.state == .waiting || $0.state == .inProgress } }

    /// Changes a pair; nothing happens when it is gone.
    mutating func update(_ key: CandidatePair.Key, _ change: (inout CandidatePair) -> Void) {
        guard let index = pairs.firstIndex(where: { $0.key == key }) else { return }
        change(&pairs[index])
    }

    /// Adds a pair unless there is one; false when the limit forbids it.
    ///
    /// A full list gives up its lowest pair that has not been checked (RFC 8445 §6.1.2.5).
    mutating func insert(_ pair: CandidatePair, limit: Int) -> Bool {
        guard self[pair.key] == nil else { return true }
        if pairs.count >= limit {
            guard let last = pairs.lastIndex(where: { $0.state != .inProgress && $0.state != .succeeded }),
                pairs[last].state == .failed || pairs[last].priority < pair.priority
            else { return false }
            let lowest = pairs[last].key
            remove { $0.key == lowest }
        }
        let index = pairs.firstIndex { $0.priority < pair.priority } ?? pairs.endIndex
        pairs.insert(pair, at: index)
        return true
    }

    mutating func remove(where condition: (CandidatePair) -> Bool) {
        pairs.removeAll(where: condition)
        let left = pairs
        triggered.removeAll { key in !left.contains { $0.key == key } }
    }

    /// Recomputes all priorities, after a change of role or of candidates.
    mutating func updatePriorities(role: ICERole) {
        for index in pairs.indices { pairs[index].updatePriority(role: role) }
        pairs.sort { $0.priority > $1.priority }
    }

    /// A signalled candidate takes the place of a peer-reflexive one of the same address (RFC 8838 §11.4).
    mutating func replaceRemote(_ remote: ICECandidate, role: ICERole) {
        for index in pairs.indices where pairs[index].remote.address == remote.address {
            pairs[index].remote = remote
        }
        updatePriorities(role: role)
    }

    /// Puts a pair into the queue of triggered checks (RFC 8445 §7.3.1.4), once.
    mutating func trigger(_ key: CandidatePair.Key) {
        update(key) { $0.state = .waiting }
        guard !triggered.contains(key) else { return }
        triggered.append(key)
    }

    var hasWork: Bool { !triggered.isEmpty || nextOrdinary != nil }

    /// The pair to check next: a triggered one, else the highest that waits or may thaw.
    mutating func popNext() -> CandidatePair.Key? {
        while !triggered.isEmpty {
            let key = triggered.removeFirst()
            // A late response may have settled the pair meanwhile.
            if self[key]?.state == .waiting { return key }
        }
        return nextOrdinary
    }

    /// A frozen pair thaws when nothing of its foundation is under way (RFC 8445 §6.1.4.2), or something of it has
    /// succeeded (§7.2.5.3.3).
    private var nextOrdinary: CandidatePair.Key? {
        for pair in pairs {
            switch pair.state {
            case .waiting:
                return pair.key
            case .frozen:
                let kin = pairs.filter { $0.key != pair.key && $0.sharesFoundation(with: pair) }
                if kin.contains(where: { $0.state == .succeeded }) { return pair.key }
                if !kin.contains(where: { $0.state == .waiting || $0.state == .inProgress }) { return pair.key }
            case .inProgress, .succeeded, .failed:
                break
            }
        }
        return nil
    }
}
