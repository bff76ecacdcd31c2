package import MediaTypes
package import SansIO

/// One packet of a compound RTCP datagram (RFC 3550 §6, RFC 4585 §6, RFC 5104 §4.3).
package enum RTCPPacket: Hashable, Sendable {
    case senderReport(SSRC, SenderInformation, [ReportBlock])
    case receiverReport(SSRC, [ReportBlock])
    /// The CNAME of each source; other items are passed over.
    case sourceDescription([SSRC: String])
    case bye([SSRC])
    /// Sequence numbers that the receiver of `media` misses (RFC 4585 §6.2.1).
    case negativeAcknowledgement(media: SSRC, [SequenceNumber])
    /// The decoder of `media` lost its picture (RFC 4585 §6.3.1).
    case pictureLossIndication(media: SSRC)
    /// A key frame is wanted; a repeated number is a repeated request (RFC 5104 §4.3.1).
    case fullIntraRequest(media: SSRC, sequenceNumber: UInt8)
    /// A kind that is not read: its type, its count or format field, and the length of its body.
    case other(type: UInt8, format: UInt8, size: Int)

    enum Kind {
        static let senderReport: UInt8 = 200
        static let receiverReport: UInt8 = 201
        static let sourceDescription: UInt8 = 202
        static let bye: UInt8 = 203
        static let transportFeedback: UInt8 = 205
        static let payloadFeedback: UInt8 = 206
    }

    enum Format {
        static let genericNACK: UInt8 = 1
        static let pictureLoss: UInt8 = 1
        static let fullIntra: UInt8 = 4
    }

    /// Reads a datagram of one or more packets; reduced-size ones (RFC 5506) too.
    ///
    /// - Returns: What could be read, and whether the datagram was sound to its end. Bounded by the datagram's size.
    package static func parse(_ bytes: RawSpan) -> (packets: [RTCPPacket], isSound: Bool) {
        var packets: [RTCPPacket] = []
        var offset = 0
        while bytes.byteCount - offset >= 4 {
            let first = bytes.byte(at: offset)
            let size = 4 * (Int(bytes.uint16(at: offset + 2)) + 1)
            guard first >> 6 == 2, bytes.byteCount - offset >= size else { return (packets, false) }
            var bodySize = size - 4
            if first & 0x20 != 0 {
                let padding = Int(bytes.byte(at: offset + size - 1))
                guard padding > 0, padding <= bodySize else { return (packets, false) }
                bodySize -= padding
            }
            let body = bytes.extracting(offset + 4..<offset + 4 + bodySize)
            guard let packet = parse(body, type: bytes.byte(at: offset + 1), count: first & 0x1F) else {
                return (packets, false)
            }
            packets.append(packet)
            offset += size
        }
        return (packets, offset == bytes.byteCount && !packets.isEmpty)
    }

    private static func parse(_ body: RawSpan, type: UInt8, count: UInt8) -> RTCPPacket? {
        var reader = ByteReader(body)
        switch type {
        case Kind.senderReport:
            guard let ssrc = reader.readUInt32(), let ntp = reader.readUInt64(), let rtp = reader.readUInt32(),
                let packets = reader.readUInt32(), let octets = reader.readUInt32(),
                let blocks = blocks(&reader, count: count)
            else { return nil }
            let information = SenderInformation(
                ntpTime: ntp,
                rtpTimestamp: rtp,
                packetCount: packets,
                octetCount: octets
            )
            return .senderReport(SSRC(ssrc), information, blocks)
        case Kind.receiverReport:
            guard let ssrc = reader.readUInt32(), let blocks = blocks(&reader, count: count) else { return nil }
            return .receiverReport(SSRC(ssrc), blocks)
        case Kind.sourceDescription: return sourceDescription(&reader, count: count)
        case Kind.bye:
            var sources: [SSRC] = []
            for _ in 0..<count {
                guard let ssrc = reader.readUInt32() else { return nil }
                sources.append(SSRC(ssrc))
            }
            return .bye(sources)
        case Kind.transportFeedback, Kind.payloadFeedback: return feedback(&reader, type: type, format: count)
        default: return .other(type: type, format: count, size: body.byteCount)
        }
    }

    private static func blocks(_ reader: inout ByteReader, count: UInt8) -> [ReportBlock]? {
        var blocks: [ReportBlock] = []
        for _ in 0..<count {
            guard let block = ReportBlock(reading: &reader) else { return nil }
            blocks.append(block)
        }
        return blocks
    }

    private static func sourceDescription(_ reader: inout ByteReader, count: UInt8) -> RTCPPacket? {
        var names: [SSRC: String] = [:]
        for _ in 0..<count {
            guard let ssrc = reader.readUInt32() else { return nil }
            while let item = reader.readUInt8(), item != 0 {
                guard let length = reader.readUInt8(), let text = reader.readBytes(count: Int(length)) else {
                    return nil
                }
                if item == 1 { names[SSRC(ssrc)] = String(decoding: text, as: UTF8.self) }
            }
            // Each chunk ends on a 32-bit border (RFC 3550 §6.5).
            _ = reader.skip((4 - reader.offset % 4) % 4)
        }
        return .sourceDescription(names)
    }

    private static func feedback(_ reader: inout ByteReader, type: UInt8, format: UInt8) -> RTCPPacket? {
        let size = reader.remaining
        guard reader.readUInt32() != nil, let media = reader.readUInt32() else { return nil }
        switch (type, format) {
        case (Kind.transportFeedback, Format.genericNACK):
            var missing: [SequenceNumber] = []
            while let first = reader.readUInt16(), let mask = reader.readUInt16() {
                missing.append(SequenceNumber(first))
                for bit in 0..<16 where mask >> bit & 1 == 1 {
                    missing.append(SequenceNumber(first).advanced(by: bit + 1))
                }
            }
            return .negativeAcknowledgement(media: SSRC(media), missing)
        case (Kind.payloadFeedback, Format.pictureLoss): return .pictureLossIndication(media: SSRC(media))
        case (Kind.payloadFeedback, Format.fullIntra):
            // The media source field is 0; the entry names the stream.
            guard let target = reader.readUInt32(), let number = reader.readUInt8() else { return nil }
            return .fullIntraRequest(media: SSRC(target), sequenceNumber: number)
        default: return .other(type: type, format: format, size: size)
        }
    }
}
