package import MediaTypes
internal import SansIO

/// What a receiver says of one stream (RFC 3550 §6.4.1).
package struct ReportBlock: Hashable, Sendable {
    /// The stream spoken of.
    package var ssrc: SSRC
    /// Lost since the last report, in 256ths.
    package var fractionLost: UInt8
    /// Lost since the beginning, 24 bits, negative when duplicates outnumber losses.
    package var cumulativeLost: Int32
    /// Highest sequence number received, with its cycles above the lower 16 bits.
    package var highestSequence: UInt32
    /// Interarrival jitter in units of the RTP clock.
    package var jitter: UInt32
    /// Middle 32 bits of the last sender report's NTP time; 0 before the first.
    package var lastSenderReport: UInt32
    /// Time from then until this report, in 65,536ths of a second.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: SSRC,
        fractionLost: UInt8,
        cumulativeLost: Int32,
        highestSequence: UInt32,
        jitter: UInt32,
        lastSenderReport: UInt32,
        delaySinceLastSenderReport: UInt32
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.highestSequence = highestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    /// Octets on the wire.
    static let size = 24

    init?(reading reader: inout ByteReader) {
        guard let ssrc = reader.readUInt32(), let fraction = reader.readUInt8(), let lost = reader.readUInt24(),
            let highest = reader.readUInt32(), let jitter = reader.readUInt32(), let last = reader.readUInt32(),
            let delay = reader.readUInt32()
        else { return nil }
        self.ssrc = SSRC(ssrc)
        fractionLost = fraction
        cumulativeLost = Int32(bitPattern: lost << 8) >> 8
        highestSequence = highest
        self.jitter = jitter
        lastSenderReport = last
        delaySinceLastSenderReport = delay
    }

    func append(to packet: PacketBuffer) {
        packet.append(ssrc.rawValue)
        let limited = min(max(cumulativeLost, -0x80_0000), 0x7F_FFFF)
        packet.append(UInt32(fractionLost) << 24 | UInt32(bitPattern: limited) & 0xFF_FFFF)
        packet.append(highestSequence)
        packet.append(jitter)
        packet.append(lastSenderReport)
        packet.append(delaySinceLastSenderReport)
    }
}

/// What a sender says of its own stream (RFC 3550 §6.4.1): the same instant on two clocks, and what was sent.
package struct SenderInformation: Hashable, Sendable {
    package var ntpTime: UInt64
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    package var octetCount: UInt32

    package init(ntpTime: UInt64, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
        self.ntpTime = ntpTime
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }
}
