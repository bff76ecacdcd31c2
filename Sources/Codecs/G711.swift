internal import SansIO

/// The two companding laws of ITU-T G.711, as RTP payload types 0 and 8 carry them (RFC 3551 §4.5.14).
package enum G711: Sendable {
    case muLaw
    case aLaw

    /// Expands a payload, and replaces the contents of `samples` by it: one sample at 8 kHz per octet.
    package func decode(_ payload: RawSpan, into samples: inout [Int16]) {
        let table = decodingTable
        samples.removeAll(keepingCapacity: true)
        for offset in 0..<payload.byteCount { samples.append(table[Int(payload.byte(at: offset))]) }
    }

    /// Compresses samples at 8 kHz, and replaces the contents of `payload` by one octet for each.
    package func encode(_ samples: Span<Int16>, into payload: inout [UInt8]) {
        payload.removeAll(keepingCapacity: true)
        for index in samples.indices { payload.append(encode(samples[index])) }
    }

    /// The octet that stands for silence.
    package var silence: UInt8 {
        switch self {
        case .muLaw: 0xFF
        case .aLaw: 0xD5
        }
    }

    /// The code of the interval a sample lies in.
    package func encode(_ sample: Int16) -> UInt8 {
        switch self {
        case .muLaw: Self.compressMuLaw(sample)
        case .aLaw: Self.compressALaw(sample)
        }
    }

    /// The value a code stands for.
    package func decode(_ code: UInt8) -> Int16 { decodingTable[Int(code)] }

    private var decodingTable: [Int16] {
        switch self {
        case .muLaw: Self.muLawTable
        case .aLaw: Self.aLawTable
        }
    }

    // A code is  S EEE MMMM : sign, segment (exponent), position in the segment (mantissa).

    private static let muLawTable: [Int16] = (0...255).map { code in
        let inverted = ~UInt8(code)  // µ-law is sent with all bits inverted
        let segment = Int(inverted >> 4) & 0x07
        let magnitude = ((Int(inverted & 0x0F) << 3 + muLawBias) << segment) - muLawBias
        return Int16(inverted & 0x80 == 0 ? magnitude : -magnitude)
    }

    private static let aLawTable: [Int16] = (0...255).map { code in
        let toggled = UInt8(code) ^ 0x55  // A-law is sent with its even bits inverted
        let segment = Int(toggled >> 4) & 0x07
        let mantissa = Int(toggled & 0x0F) << 4
        let magnitude = segment == 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1)
        return Int16(toggled & 0x80 == 0 ? -magnitude : magnitude)
    }

    /// 33 of the 14-bit law, scaled to 16 bits.
    private static let muLawBias = 0x84
    /// The largest magnitude the µ-law codes before the bias makes it leave the last segment.
    private static let muLawClip = 32_635

    private static func compressMuLaw(_ sample: Int16) -> UInt8 {
        let magnitude = min(abs(Int(sample)), muLawClip) + muLawBias
        let segment = max(0, Int.bitWidth - 1 - magnitude.leadingZeroBitCount - 7)
        let mantissa = UInt8(truncatingIfNeeded: magnitude >> (segment + 3)) & 0x0F
        let sign: UInt8 = sample < 0 ? 0x80 : 0
        return ~(sign | UInt8(segment) << 4 | mantissa)
    }

    private static func compressALaw(_ sample: Int16) -> UInt8 {
        // Negative values are coded by their ones' complement: -1 lies in the first interval below zero.
        let magnitude = sample < 0 ? Int(~sample) : Int(sample)
        let segment = max(0, Int.bitWidth - 1 - magnitude.leadingZeroBitCount - 7)
        let mantissa = UInt8(truncatingIfNeeded: magnitude >> max(4, segment + 3)) & 0x0F
        let sign: UInt8 = sample < 0 ? 0 : 0x80
        return (sign | UInt8(segment) << 4 | mantissa) ^ 0x55
    }
}
