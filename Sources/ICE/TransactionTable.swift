internal import STUN
internal import SansIO

/// A request under way.
struct Transaction {
    enum Purpose: Equatable {
        /// To a STUN server.
        case gathering
        /// With the role it was sent in.
        case check(CandidatePair.Key, nominating: Bool, role: ICERole)
        case consent(CandidatePair.Key)
    }

    let id: STUNTransactionID
    let purpose: Purpose
    let bytes: [UInt8]
    let base: SocketAddress
    let remote: SocketAddress
    /// Key of the response's integrity attribute; `nil` for servers, which have none.
    let key: [UInt8]?
    let sentAt: MonotonicTime
    var retransmission: STUNRetransmission
    /// Then the round trip is unknown (RFC 8489 §6.2.1, Karn).
    var isRetransmitted = false
    /// Waited for until then, but not sent again, and no failure when it stays unanswered (RFC 8445 §7.3.1.4).
    var cancelledUntil: MonotonicTime?

    var deadline: MonotonicTime { cancelledUntil ?? retransmission.deadline }
}

/// The requests under way, in the order they were sent.
struct TransactionTable {
    enum Event {
        case retransmit(Transaction)
        case timedOut(Transaction)
        case dropped
    }

    private var transactions: [Transaction] = []

    var count: Int { transactions.count }

    var nextDeadline: MonotonicTime? { transactions.lazy.map(\.deadline).min() }

    subscript(id: STUNTransactionID) -> Transaction? { transactions.first { $0.id == id } }

    mutating func insert(_ transaction: Transaction) { transactions.append(transaction) }

    mutating func remove(_ id: STUNTransactionID) { transactions.removeAll { $0.id == id } }

    mutating func removeAll(where condition: (Transaction) -> Bool) { transactions.removeAll(where: condition) }

    /// Stops the retransmissions of the ordinary checks of pairs.
    mutating func cancelChecks(until time: MonotonicTime, where condition: (CandidatePair.Key) -> Bool) {
        for index in transactions.indices where transactions[index].cancelledUntil == nil {
            guard case .check(let key, nominating: false, _) = transactions[index].purpose, condition(key) else {
                continue
            }
            transactions[index].cancelledUntil = time
        }
    }

    func contains(where condition: (Transaction.Purpose) -> Bool) -> Bool {
        transactions.contains { condition($0.purpose) }
    }

    /// What is due; call until `nil`.
    mutating func popDue(at now: MonotonicTime) -> Event? {
        guard let index = transactions.firstIndex(where: { $0.deadline <= now }) else { return nil }
        guard transactions[index].cancelledUntil == nil else {
            transactions.remove(at: index)
            return .dropped
        }
        switch transactions[index].retransmission.advance(at: now) {
        case .retransmit, nil:
            transactions[index].isRetransmitted = true
            return .retransmit(transactions[index])
        case .timeOut:
            return .timedOut(transactions.remove(at: index))
        }
    }
}
