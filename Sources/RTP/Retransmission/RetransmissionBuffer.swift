package import SansIO

/// The packets sent last, as they went out, to be sent again when the peer misses them.
///
/// A ring of fixed slots whose storage is reused. Protected packets are kept: sending the very same octets again is no
/// reuse of a keystream, and costs no second encryption.
package struct RetransmissionBuffer: Sendable {
    private struct Slot {
        var sequence: SequenceNumber?
        var bytes: [UInt8] = []
        var sent = MonotonicTime.zero
    }

    private var slots: [Slot]
    /// Packets sent again.
    package private(set) var retransmissions = 0
    /// Requests for packets that are gone.
    package private(set) var misses = 0

    /// - Parameter capacity: Packets kept.
    package init(capacity: Int) {
        precondition(capacity > 0, "a ring has slots")
        slots = Array(repeating: Slot(), count: capacity)
    }

    package mutating func store(_ packet: PacketBuffer, sequence: SequenceNumber, at now: MonotonicTime) {
        let index = Int(sequence.value) % slots.count
        slots[index].sequence = sequence
        slots[index].sent = now
        slots[index].bytes.removeAll(keepingCapacity: true)
        let bytes = packet.bytes
        for offset in 0..<bytes.byteCount { slots[index].bytes.append(bytes.byte(at: offset)) }
    }

    /// Copies a packet into `buffer` for sending again; false when it is gone, or went out less than a round trip ago.
    package mutating func retrieve(
        _ sequence: SequenceNumber,
        roundTripTime: Duration,
        at now: MonotonicTime,
        into buffer: PacketBuffer
    ) -> Bool {
        let index = Int(sequence.value) % slots.count
        guard slots[index].sequence == sequence else {
            misses += 1
            return false
        }
        guard now - slots[index].sent >= roundTripTime / 2 else { return false }
        slots[index].sent = now
        retransmissions += 1
        buffer.count = 0
        for octet in slots[index].bytes { buffer.append(octet) }
        return true
    }
}
