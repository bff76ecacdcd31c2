/// Wall-clock time in the 64-bit fixed-point format of NTP (RFC 5905 §6): seconds since 1900 and their binary fraction.
public struct NTPTime: Hashable, Comparable, Sendable {
    /// Seconds since 1 January 1900 in the upper 32 bits, the fraction in units of 2⁻³² s in the lower.
    public var bits: UInt64

    /// Creates the time from its 64-bit wire form.
    public init(bits: UInt64) { self.bits = bits }

    /// Creates the time from nanoseconds since the Unix epoch, 1 January 1970.
    public init(unixNanoseconds: Int64) {
        let seconds = unixNanoseconds / 1_000_000_000
        let rest = unixNanoseconds % 1_000_000_000
        bits = UInt64(bitPattern: seconds &+ Self.unixEpoch) << 32 | (UInt64(rest) << 32) / 1_000_000_000
    }

    /// Nanoseconds since the Unix epoch.
    public var unixNanoseconds: Int64 {
        let seconds = Int64(bits >> 32) - Self.unixEpoch
        return seconds * 1_000_000_000 + Int64(((bits & 0xFFFF_FFFF) * 1_000_000_000) >> 32)
    }

    /// The middle 32 bits: 16 of seconds, 16 of fraction, as RTCP's LSR field carries them (RFC 3550 §6.4.1).
    public var middleBits: UInt32 { UInt32(truncatingIfNeeded: bits >> 16) }

    /// Orders by time within one NTP era.
    public static func < (left: NTPTime, right: NTPTime) -> Bool { left.bits < right.bits }

    /// Seconds from 1900 to 1970 (RFC 868).
    private static let unixEpoch: Int64 = 2_208_988_800
}
