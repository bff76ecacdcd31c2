internal import SansIO

/// Where the header extension of an RTP packet lies, and which of the two forms of RFC 8285 it has.
///
/// Elements are looked up in place: a packet has a handful of them, so a pass costs less than a table.
package struct HeaderExtensionBlock: Hashable, Sendable {
    /// The 16 bits "defined by profile": 0xBEDE or 0x100X.
    package var profile: UInt16
    /// The elements, without the four octets before them, in the datagram.
    package var content: Range<Int>

    /// Where the data of the element with this local identifier lies in `bytes`, or `nil` when there is none.
    ///
    /// A malformed element ends the search; the elements before it count.
    package func element(_ identifier: UInt8, in bytes: RawSpan) -> Range<Int>? {
        guard identifier != 0, content.upperBound <= bytes.byteCount else { return nil }
        switch profile {
        case Self.oneByteProfile: return oneByteElement(identifier, in: bytes)
        case Self.twoByteProfiles: return twoByteElement(identifier, in: bytes)
        default: return nil
        }
    }

    /// One-byte form (RFC 8285 §4.2): four bits of identifier, four bits of length less one.
    private func oneByteElement(_ identifier: UInt8, in bytes: RawSpan) -> Range<Int>? {
        var offset = content.lowerBound
        while offset < content.upperBound {
            let octet = bytes.byte(at: offset)
            offset += 1
            if octet == 0 { continue }  // padding
            let found = octet >> 4
            // Identifier 0 with a length, and 15, both end the processing of the whole extension.
            guard found != 0, found != Self.reservedIdentifier else { return nil }
            let length = Int(octet & 0x0F) + 1
            guard content.upperBound - offset >= length else { return nil }
            if found == identifier { return offset..<offset + length }
            offset += length
        }
        return nil
    }

    /// Two-byte form (RFC 8285 §4.3): an octet of identifier, an octet of length, which may be zero.
    private func twoByteElement(_ identifier: UInt8, in bytes: RawSpan) -> Range<Int>? {
        var offset = content.lowerBound
        while offset < content.upperBound {
            let found = bytes.byte(at: offset)
            offset += 1
            if found == 0 { continue }  // padding
            guard offset < content.upperBound else { return nil }
            let length = Int(bytes.byte(at: offset))
            offset += 1
            guard content.upperBound - offset >= length else { return nil }
            if found == identifier { return offset..<offset + length }
            offset += length
        }
        return nil
    }

    /// RFC 8285 §4.2.
    static let oneByteProfile: UInt16 = 0xBEDE
    /// RFC 8285 §4.3: the lower four bits are application bits, which have no meaning yet.
    static let twoByteProfiles: ClosedRange<UInt16> = 0x1000...0x100F
    /// RFC 8285 §4.2: "MUST NOT be used".
    static let reservedIdentifier: UInt8 = 15
}
