package import SansIO

/// The 96 bits that tie a response to its request (RFC 8489 §5).
package struct STUNTransactionID: Hashable, Sendable {
    /// The first four octets.
    package let high: UInt32
    /// The last eight octets.
    package let low: UInt64

    package init(high: UInt32, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A random identifier.
    ///
    /// Production must pass a cryptographic source: the identifier keeps strangers from forging responses of servers.
    package init(random: inout RandomSource) {
        high = UInt32(truncatingIfNeeded: random.next())
        low = random.next()
    }

    /// Reads the identifier; twelve octets must lie at `offset`.
    init(_ bytes: RawSpan, at offset: Int) {
        high = bytes.uint32(at: offset)
        low = UInt64(bytes.uint32(at: offset + 4)) << 32 | UInt64(bytes.uint32(at: offset + 8))
    }

    func write(to writer: inout ByteWriter) {
        writer.write(high)
        writer.write(low)
    }
}
