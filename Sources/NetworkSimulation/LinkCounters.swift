/// What one direction of a path has carried and dropped.
package struct LinkCounters: Equatable, Sendable {
    /// Datagrams handed to the link.
    package var sent = 0
    package var bytesSent = 0
    /// Datagrams that reached an endpoint, copies included.
    package var delivered = 0
    package var bytesDelivered = 0
    package var lost = 0
    package var lostInBursts = 0
    package var lostInBlackouts = 0
    package var droppedByQueue = 0
    package var reordered = 0
    package var duplicated = 0

    package init() {}

    /// Everything the link did not deliver.
    package var dropped: Int { lost + lostInBursts + lostInBlackouts + droppedByQueue }

    mutating func count(_ fate: PacketFate, size: Int) {
        sent += 1
        bytesSent += size
        switch fate {
        case .delivered(_, let isReordered): reordered += isReordered ? 1 : 0
        case .duplicated: duplicated += 1
        case .dropped(.loss): lost += 1
        case .dropped(.burst): lostInBursts += 1
        case .dropped(.blackout): lostInBlackouts += 1
        case .dropped(.queueFull): droppedByQueue += 1
        }
    }

    static func + (left: LinkCounters, right: LinkCounters) -> LinkCounters {
        var sum = left
        sum.sent += right.sent
        sum.bytesSent += right.bytesSent
        sum.delivered += right.delivered
        sum.bytesDelivered += right.bytesDelivered
        sum.lost += right.lost
        sum.lostInBursts += right.lostInBursts
        sum.lostInBlackouts += right.lostInBlackouts
        sum.droppedByQueue += right.droppedByQueue
        sum.reordered += right.reordered
        sum.duplicated += right.duplicated
        return sum
    }
}

/// Datagrams that no link lost and no endpoint got.
package struct NetworkCounters: Equatable, Sendable {
    /// Sent to an address at which nobody is attached.
    package var undeliverable = 0
    /// Turned away by a NAT: no mapping, or its filter.
    package var filtered = 0
    /// Transmitted by an endpoint from an address that is not its own; a real socket would refuse.
    package var misaddressed = 0
    /// Dropped by ``VirtualNetwork/intercept``.
    package var intercepted = 0
    /// Inputs given to endpoints: deliveries and timeouts.
    package var steps = 0

    package init() {}
}
