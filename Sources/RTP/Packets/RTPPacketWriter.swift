package import MediaTypes
package import SansIO

/// Writes the headers of one outgoing stream: the fixed header and the extensions the session agreed on.
package struct RTPPacketWriter: Sendable {
    package let ssrc: SSRC
    private let identifiers: HeaderExtensionIdentifiers
    private let mid: [UInt8]
    /// Whether every element fits the one-byte form (RFC 8285 §4.2): identifiers 1 to 14, at most 16 octets.
    private let fitsOneByteForm: Bool

    /// - Parameter mid: Written into every packet that asks for it; empty for none. At most 255 octets.
    package init(ssrc: SSRC, identifiers: HeaderExtensionIdentifiers, mid: String) {
        self.ssrc = ssrc
        self.identifiers = identifiers
        self.mid = Array(mid.utf8.prefix(255))
        let used = [
            identifiers.mid, identifiers.absoluteSendTime, identifiers.audioLevel, identifiers.transportSequenceNumber,
        ]
        fitsOneByteForm = self.mid.count <= 16 && used.allSatisfy { $0.map { (1...14).contains($0) } ?? true }
    }

    /// Appends the header to an empty buffer; the payload follows.
    ///
    /// - Parameters:
    ///   - extensions: Those without a negotiated identifier are left out.
    ///   - includesMID: A sender needs it until the peer has bound the SSRC, which RTCP tells (RFC 8843 §15.2); sending it
    ///     always costs four octets or more.
    package func appendHeader(
        marker: Bool,
        payloadType: PayloadType,
        sequenceNumber: SequenceNumber,
        timestamp: UInt32,
        extensions: HeaderExtensionValues = HeaderExtensionValues(),
        includesMID: Bool = true,
        to packet: PacketBuffer
    ) {
        precondition(packet.count == 0, "an RTP header starts a packet")
        let carriesMID = includesMID && identifiers.mid != nil && !mid.isEmpty
        let hasExtension =
            carriesMID
            || (extensions.absoluteSendTime != nil && identifiers.absoluteSendTime != nil)
            || (extensions.audioLevel != nil && identifiers.audioLevel != nil)
            || (extensions.transportSequenceNumber != nil && identifiers.transportSequenceNumber != nil)
        packet.append(RTPHeader.version << 6 | (hasExtension ? RTPHeader.extensionBit : 0))
        packet.append((marker ? RTPHeader.markerBit : 0) | payloadType.rawValue)
        packet.append(sequenceNumber.value)
        packet.append(timestamp)
        packet.append(ssrc.rawValue)
        guard hasExtension else { return }
        appendExtensions(extensions, carriesMID: carriesMID, to: packet)
    }

    private func appendExtensions(_ values: HeaderExtensionValues, carriesMID: Bool, to packet: PacketBuffer) {
        packet.append(fitsOneByteForm ? HeaderExtensionBlock.oneByteProfile : 0x1000)
        packet.append(0 as UInt16)
        let start = packet.count
        if let level = values.audioLevel, let id = identifiers.audioLevel {
            appendElementHeader(id, length: 1, to: packet)
            packet.append(level.octet)
        }
        if let time = values.absoluteSendTime, let id = identifiers.absoluteSendTime {
            appendElementHeader(id, length: 3, to: packet)
            packet.append(UInt8(truncatingIfNeeded: time.rawValue >> 16))
            packet.append(UInt16(truncatingIfNeeded: time.rawValue))
        }
        if let number = values.transportSequenceNumber, let id = identifiers.transportSequenceNumber {
            appendElementHeader(id, length: 2, to: packet)
            packet.append(number)
        }
        if carriesMID, let id = identifiers.mid {
            appendElementHeader(id, length: mid.count, to: packet)
            for octet in mid { packet.append(octet) }
        }
        while !(packet.count - start).isMultiple(of: 4) { packet.append(0 as UInt8) }
        packet.set(UInt16((packet.count - start) / 4), at: start - 2)
    }

    private func appendElementHeader(_ identifier: UInt8, length: Int, to packet: PacketBuffer) {
        if fitsOneByteForm {
            packet.append(identifier << 4 | UInt8(length - 1))
        } else {
            packet.append(identifier)
            packet.append(UInt8(length))
        }
    }
}
