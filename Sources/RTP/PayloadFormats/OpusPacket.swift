internal import SansIO

/// What an Opus packet says of itself in its first octets (RFC 6716 §3.1).
package enum OpusPacket {
    /// Samples at 48 kHz, or `nil` for a packet that is malformed or longer than 120 ms.
    package static func sampleCount(_ payload: RawSpan) -> Int? {
        guard payload.byteCount > 0 else { return nil }
        let toc = payload.byte(at: 0)
        let frame = frameSamples(configuration: toc >> 3)
        let count: Int
        switch toc & 3 {
        case 0: count = 1
        case 1, 2: count = 2
        default:
            guard payload.byteCount > 1 else { return nil }
            count = Int(payload.byte(at: 1) & 0x3F)
        }
        guard count > 0, count * frame <= maximumSamples else { return nil }
        return count * frame
    }

    private static let maximumSamples = 5760

    /// Table 2 of RFC 6716.
    private static func frameSamples(configuration: UInt8) -> Int {
        switch configuration {
        case 0..<12: [480, 960, 1920, 2880][Int(configuration % 4)]
        case 12..<16: [480, 960][Int(configuration % 2)]
        default: [120, 240, 480, 960][Int(configuration % 4)]
        }
    }
}
