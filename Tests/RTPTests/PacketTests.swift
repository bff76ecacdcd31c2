import MediaTypes
import RTP
import SansIO
import Testing

@Suite("RTP headers, RFC 3550 §5.1 and RFC 8285")
struct RTPHeaderTests {
    private let identifiers = HeaderExtensionIdentifiers(
        mid: 4,
        absoluteSendTime: 2,
        audioLevel: 1,
        transportSequenceNumber: 3
    )

    private func packet(mid: String = "audio", identifiers: HeaderExtensionIdentifiers? = nil) -> PacketBuffer {
        let packet = PacketBuffer()
        let writer = RTPPacketWriter(ssrc: SSRC(0xDEAD_BEEF), identifiers: identifiers ?? self.identifiers, mid: mid)
        writer.appendHeader(
            marker: true,
            payloadType: PayloadType(111),
            sequenceNumber: SequenceNumber(65_535),
            timestamp: 0xFFFF_FF00,
            extensions: HeaderExtensionValues(
                absoluteSendTime: AbsoluteSendTime(rawValue: 0x123456),
                audioLevel: AudioLevel(voiceActivity: true, attenuation: 30),
                transportSequenceNumber: 777
            ),
            to: packet
        )
        for octet in [9, 8, 7] as [UInt8] { packet.append(octet) }
        return packet
    }

    @Test("are read as they were written, in the one-byte and the two-byte form", arguments: [4, 15, 200] as [UInt8])
    func roundTrip(midIdentifier: UInt8) throws {
        var identifiers = identifiers
        identifiers.mid = midIdentifier
        let packet = packet(identifiers: identifiers)

        let parsed = RTPHeader(parsing: packet.bytes)
        let header = try #require(parsed)

        #expect(header.marker)
        #expect(header.payloadType == PayloadType(111))
        #expect(header.sequenceNumber == SequenceNumber(65_535))
        #expect(header.timestamp == 0xFFFF_FF00)
        #expect(header.ssrc == SSRC(0xDEAD_BEEF))
        #expect(packet.bytes.extracting(header.payload).copied() == [9, 8, 7])
        #expect(header.mid(identifiers, in: packet.bytes) == "audio")
        let values = header.extensions(identifiers, in: packet.bytes)
        #expect(values.absoluteSendTime == AbsoluteSendTime(rawValue: 0x123456))
        #expect(values.audioLevel == AudioLevel(voiceActivity: true, attenuation: 30))
        #expect(values.transportSequenceNumber == 777)
    }

    @Test("with padding end before it, and padding longer than the packet is refused")
    func padding() throws {
        var bytes = packet().bytes.copied() + [0, 0, 3]
        bytes[0] |= 0x20
        let parsed = RTPHeader(parsing: PacketBuffer(bytes).bytes)
        let header = try #require(parsed)
        #expect(header.payloadSize == 3)
        #expect(header.paddingSize == 3)

        bytes[bytes.count - 1] = 200
        let refused = RTPHeader(parsing: PacketBuffer(bytes).bytes)
        #expect(refused == nil)
    }

    @Test("cut or changed at random trap nothing")
    func hostile() {
        let bytes = packet().bytes.copied()
        for length in bytes.indices { _ = RTPHeader(parsing: PacketBuffer(bytes[..<length]).bytes) }
        var random = SplitMix64(seed: 1)
        for _ in 0..<20_000 {
            var mutated = bytes
            for _ in 0..<3 {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let packet = PacketBuffer(mutated)
            guard let header = RTPHeader(parsing: packet.bytes) else { continue }
            _ = header.extensions(identifiers, in: packet.bytes)
            _ = header.mid(identifiers, in: packet.bytes)
            _ = OpusPacket.sampleCount(packet.bytes.extracting(header.payload))
        }
    }

    @Test("are told from the other protocols on the port, RFC 7983")
    func demultiplexing() {
        let kinds = [[0, 1], [22, 0], [64, 0], [128, 96], [128, 200], [128, 72], [10, 0], [1]].map {
            PacketKind.classify(PacketBuffer($0.map { UInt8($0) }).bytes)
        }

        #expect(kinds == [.stun, .dtls, .turnChannel, .rtp, .rtcp, .rtp, .unknown, .unknown])
    }
}

@Suite("RTCP, RFC 3550 §6, RFC 4585, RFC 5104")
struct RTCPTests {
    private let block = ReportBlock(
        ssrc: SSRC(7),
        fractionLost: 12,
        cumulativeLost: -3,
        highestSequence: 0x1_0005,
        jitter: 99,
        lastSenderReport: 0x1234_5678,
        delaySinceLastSenderReport: 65_536
    )

    private func compound() -> PacketBuffer {
        let packet = PacketBuffer()
        let sender = SenderInformation(ntpTime: 0x0102_0304_0506_0708, rtpTimestamp: 5, packetCount: 6, octetCount: 7)
        RTCPWriter.appendReport(from: SSRC(1), sender: sender, blocks: [block], to: packet)
        RTCPWriter.appendCNAME("user@host", of: SSRC(1), to: packet)
        RTCPWriter.appendNACK(
            [5, 6, 21, 22, 65_535, 0].map { SequenceNumber($0) },
            from: SSRC(1),
            media: SSRC(2),
            to: packet
        )
        RTCPWriter.appendPLI(from: SSRC(1), media: SSRC(2), to: packet)
        RTCPWriter.appendBye([SSRC(1)], to: packet)
        return packet
    }

    @Test("compound packets are read as they were written")
    func roundTrip() {
        let (packets, isSound) = RTCPPacket.parse(compound().bytes)

        #expect(isSound)
        #expect(
            packets == [
                .senderReport(
                    SSRC(1),
                    SenderInformation(ntpTime: 0x0102_0304_0506_0708, rtpTimestamp: 5, packetCount: 6, octetCount: 7),
                    [block]
                ),
                .sourceDescription([SSRC(1): "user@host"]),
                .negativeAcknowledgement(media: SSRC(2), [5, 6, 21, 22, 65_535, 0].map { SequenceNumber($0) }),
                .pictureLossIndication(media: SSRC(2)),
                .bye([SSRC(1)]),
            ]
        )
    }

    @Test("a full intra request names its stream in the entry")
    func fullIntra() {
        let bytes: [UInt8] = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0]

        #expect(
            RTCPPacket.parse(PacketBuffer(bytes).bytes).packets == [
                .fullIntraRequest(media: SSRC(9), sequenceNumber: 3)
            ]
        )
    }

    @Test("cut or changed at random trap nothing, and what was sound before the fault counts")
    func hostile() {
        let bytes = compound().bytes.copied()
        for length in bytes.indices { _ = RTCPPacket.parse(PacketBuffer(bytes[..<length]).bytes) }
        #expect(RTCPPacket.parse(PacketBuffer(bytes.dropLast(1)).bytes).packets.count == 4)
        var random = SplitMix64(seed: 2)
        for _ in 0..<20_000 {
            var mutated = bytes
            for _ in 0..<4 {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = RTCPPacket.parse(PacketBuffer(mutated).bytes)
        }
    }
}
