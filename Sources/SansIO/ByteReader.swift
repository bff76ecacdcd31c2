/// A cursor over the octets of a packet: big-endian reads that fail, and move nothing, at the end.
package struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    /// Offset of the next octet from the start of the span.
    package private(set) var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) { self.bytes = bytes }

    package var remaining: Int { bytes.byteCount - offset }

    package mutating func readUInt8() -> UInt8? {
        guard remaining >= 1 else { return nil }
        defer { offset += 1 }
        return bytes.byte(at: offset)
    }

    package mutating func readUInt16() -> UInt16? {
        guard remaining >= 2 else { return nil }
        defer { offset += 2 }
        return bytes.uint16(at: offset)
    }

    /// Reads 24 bits, as RTCP's cumulative loss and TWCC's reference time have them.
    package mutating func readUInt24() -> UInt32? {
        guard remaining >= 3 else { return nil }
        defer { offset += 3 }
        return UInt32(bytes.byte(at: offset)) << 16 | UInt32(bytes.uint16(at: offset + 1))
    }

    package mutating func readUInt32() -> UInt32? {
        guard remaining >= 4 else { return nil }
        defer { offset += 4 }
        return bytes.uint32(at: offset)
    }

    package mutating func readUInt64() -> UInt64? {
        guard remaining >= 8 else { return nil }
        defer { offset += 8 }
        return UInt64(bytes.uint32(at: offset)) << 32 | UInt64(bytes.uint32(at: offset + 4))
    }

    /// The next `count` octets, without a copy.
    @_lifetime(copy self)
    package mutating func readSpan(count: Int) -> RawSpan? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return bytes.extracting(offset..<offset + count)
    }

    /// The next `count` octets, copied.
    package mutating func readBytes(count: Int) -> [UInt8]? {
        guard let span = readSpan(count: count) else { return nil }
        return span.copied()
    }

    /// Moves on without reading; false, and no movement, when fewer octets are left.
    package mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, remaining >= count else { return false }
        offset += count
        return true
    }
}

extension RawSpan {
    /// The octet at an offset; the offset must lie within the span.
    package func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "offset outside the span")
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Big-endian 16 bits at an offset, aligned or not; they must lie within the span.
    package func uint16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset + 2 <= byteCount, "offset outside the span")
        return UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    /// Big-endian 32 bits at an offset, aligned or not; they must lie within the span.
    package func uint32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset + 4 <= byteCount, "offset outside the span")
        return UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    /// A copy of the octets.
    package func copied() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
