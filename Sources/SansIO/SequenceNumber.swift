/// A 16-bit RTP sequence number that wraps (RFC 3550 §5.1).
package struct SequenceNumber: Hashable, Sendable {
    package var value: UInt16

    package init(_ value: UInt16) { self.value = value }

    /// How far this number lies after `other`, taking the shorter way round: −32,768 to 32,767.
    package func distance(after other: SequenceNumber) -> Int { Int(Int16(bitPattern: value &- other.value)) }

    package func isNewer(than other: SequenceNumber) -> Bool { distance(after: other) > 0 }

    package func advanced(by distance: Int) -> SequenceNumber {
        SequenceNumber(value &+ UInt16(truncatingIfNeeded: distance))
    }
}

/// Extends wrapping sequence numbers to 64 bits that only grow (RFC 3550 appendix A.1, RFC 3711 §3.3.1).
package struct SequenceExtender: Sendable {
    private var highest: Int64?

    package init() {}

    /// The extended number nearest to the highest one seen; the first is taken as it is, plus one cycle, so that numbers
    /// that arrive from before it stay positive.
    package mutating func extend(_ number: SequenceNumber) -> Int64 {
        guard let highest else {
            let first = Int64(number.value) + 0x1_0000
            self.highest = first
            return first
        }
        let reference = SequenceNumber(UInt16(truncatingIfNeeded: highest))
        let extended = highest + Int64(number.distance(after: reference))
        self.highest = max(highest, extended)
        return extended
    }
}

/// Extends wrapping 32-bit RTP timestamps to 64 bits, as ``SequenceExtender`` does for sequence numbers.
package struct TimestampExtender: Sendable {
    private var last: Int64?

    package init() {}

    package mutating func extend(_ timestamp: UInt32) -> Int64 {
        guard let last else {
            let first = Int64(timestamp) + 0x1_0000_0000
            self.last = first
            return first
        }
        let extended = last + Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: last)))
        self.last = max(last, extended)
        return extended
    }
}
