package import MediaTypes
package import SansIO

/// Builds RTCP into a packet buffer, packet after packet.
package enum RTCPWriter {
    /// SR, or RR when nothing has been sent, with at most 31 blocks (RFC 3550 §6.4).
    package static func appendReport(
        from ssrc: SSRC,
        sender: SenderInformation?,
        blocks: [ReportBlock],
        to packet: PacketBuffer
    ) {
        let kind = sender == nil ? RTCPPacket.Kind.receiverReport : RTCPPacket.Kind.senderReport
        let blocks = blocks.prefix(31)
        append(kind, count: UInt8(blocks.count), to: packet) {
            packet.append(ssrc.rawValue)
            if let sender {
                packet.append(UInt32(truncatingIfNeeded: sender.ntpTime >> 32))
                packet.append(UInt32(truncatingIfNeeded: sender.ntpTime))
                packet.append(sender.rtpTimestamp)
                packet.append(sender.packetCount)
                packet.append(sender.octetCount)
            }
            for block in blocks { block.append(to: packet) }
        }
    }

    /// SDES with the CNAME, which every compound packet carries (RFC 3550 §6.1); at most 255 octets of it.
    package static func appendCNAME(_ name: String, of ssrc: SSRC, to packet: PacketBuffer) {
        append(RTCPPacket.Kind.sourceDescription, count: 1, to: packet) {
            let start = packet.count
            packet.append(ssrc.rawValue)
            let text = Array(name.utf8.prefix(255))
            packet.append(1 as UInt8)
            packet.append(UInt8(text.count))
            for octet in text { packet.append(octet) }
            repeat { packet.append(0 as UInt8) } while !(packet.count - start).isMultiple(of: 4)
        }
    }

    package static func appendBye(_ sources: [SSRC], to packet: PacketBuffer) {
        append(RTCPPacket.Kind.bye, count: UInt8(min(sources.count, 31)), to: packet) {
            for source in sources.prefix(31) { packet.append(source.rawValue) }
        }
    }

    /// Generic NACK: the numbers in ascending order, packed into pairs of a number and a mask of the 16 after it.
    package static func appendNACK(
        _ missing: [SequenceNumber],
        from sender: SSRC,
        media: SSRC,
        to packet: PacketBuffer
    ) {
        append(RTCPPacket.Kind.transportFeedback, count: RTCPPacket.Format.genericNACK, to: packet) {
            packet.append(sender.rawValue)
            packet.append(media.rawValue)
            var index = 0
            while index < missing.count {
                let first = missing[index]
                var mask: UInt16 = 0
                index += 1
                while index < missing.count {
                    let distance = missing[index].distance(after: first)
                    guard (1...16).contains(distance) else { break }
                    mask |= 1 << (distance - 1)
                    index += 1
                }
                packet.append(first.value)
                packet.append(mask)
            }
        }
    }

    package static func appendPLI(from sender: SSRC, media: SSRC, to packet: PacketBuffer) {
        append(RTCPPacket.Kind.payloadFeedback, count: RTCPPacket.Format.pictureLoss, to: packet) {
            packet.append(sender.rawValue)
            packet.append(media.rawValue)
        }
    }

    /// The common header, whose length field is filled in after the body.
    private static func append(_ kind: UInt8, count: UInt8, to packet: PacketBuffer, body: () -> Void) {
        let start = packet.count
        packet.append(0x80 | count)
        packet.append(kind)
        packet.append(0 as UInt16)
        body()
        packet.set(UInt16((packet.count - start) / 4 - 1), at: start + 2)
    }
}
