import Digests
import SRTP
import SansIO
import Testing

private func octets(_ text: String) throws -> [UInt8] {
    try #require(Hexadecimal.decode(text.filter { !$0.isWhitespace }))
}

@Suite("The tests' own SRTP")
struct ReferenceTests {
    @Test("gives the keystream of RFC 3711 appendix B.2")
    func keystream() throws {
        let stream = ReferenceSRTP.keystream(
            key: try octets("2B7E151628AED2A6ABF7158809CF4F3C"),
            iv: try octets("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"),
            count: 48
        )

        #expect(
            try stream
                == octets(
                    "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
                )
        )
    }

    @Test("derives the keys of RFC 3711 appendix B.3")
    func derivation() throws {
        let reference = ReferenceSRTP(
            profile: .aes128CMSHA1With80BitTag,
            masterKey: try octets("E1F97A0D3E018BE0D64FA32C06DE4139"),
            masterSalt: try octets("0EC675AD498AFEEBB6960B3AABE6")
        )

        #expect(try reference.derive(.rtpKey, count: 16) == octets("C61E7A93744F39EE10734AFE3FF7A087"))
        #expect(try reference.derive(.rtpSalt, count: 14) == octets("30CBBC08863D8C85D49DB34A9AE1"))
        #expect(
            try reference.derive(.rtpAuthentication, count: 20) == octets("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
        )
    }

    @Test("seals the packet of RFC 7714 §16.1.1")
    func gcm() throws {
        let header = try octets("8040f17b 8041f8d3 5501a0b2")
        let text = Array("Gallia est omnis divisa in partes tres".utf8)
        let salt = try octets("517569642070726f2071756f")
        let iv = ReferenceSRTP.exclusiveOr([0, 0] + header[8..<12] + [0, 0, 0, 0] + header[2..<4], salt)

        let sealed = ReferenceSRTP.seal(key: Array(0..<16), iv: iv, aad: header, text)

        #expect(try iv == octets("51753c6580c2726f20718414"))
        #expect(
            try sealed
                == octets(
                    """
                    f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
                    899d7f27 beb16a91 52cf765e e4390cce
                    """
                )
        )
    }
}

@Suite("SRTP, RFC 3711 and RFC 7714")
struct SRTPTests {
    private static func keying(_ profile: SRTPProfile) -> [UInt8] {
        (0..<profile.keyLength + profile.saltLength).map { UInt8(truncatingIfNeeded: 17 &* $0 &+ 3) }
    }

    private func rtp(sequence: UInt16, payload: Int = 100) -> [UInt8] {
        [0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 1, 0, 0xDE, 0xAD, 0xBE, 0xEF]
            + (0..<payload).map { UInt8(truncatingIfNeeded: $0) }
    }

    private static let report: [UInt8] =
        [0x80, 200, 0, 6, 0xDE, 0xAD, 0xBE, 0xEF] + (0..<20).map { UInt8($0) }

    @Test("protects RTP and RTCP as the reference does", arguments: SRTPProfile.allCases)
    func reference(profile: SRTPProfile) throws {
        let keying = Self.keying(profile)
        var sender = try SRTPSender(profile: profile, keying: Redacted(keying))
        let reference = ReferenceSRTP(
            profile: profile,
            masterKey: Array(keying[..<profile.keyLength]),
            masterSalt: Array(keying[profile.keyLength...])
        )
        let packet = PacketBuffer(rtp(sequence: 7))
        let report = PacketBuffer(Self.report)

        try sender.protect(packet)
        try sender.protectRTCP(report)

        #expect(packet.bytes.copied() == reference.protect(rtp: rtp(sequence: 7), headerLength: 12))
        #expect(report.bytes.copied() == reference.protect(rtcp: Self.report, index: 1))
    }

    @Test("accepts what the reference protects, also with CSRC and extension", arguments: SRTPProfile.allCases)
    func accepts(profile: SRTPProfile) throws {
        let keying = Self.keying(profile)
        var receiver = try SRTPReceiver(profile: profile, keying: Redacted(keying))
        let reference = ReferenceSRTP(
            profile: profile,
            masterKey: Array(keying[..<profile.keyLength]),
            masterSalt: Array(keying[profile.keyLength...])
        )
        var plain = rtp(sequence: 9)
        plain[0] = 0x91  // one CSRC, an extension
        plain.insert(contentsOf: [1, 2, 3, 4, 0xBE, 0xDE, 0, 1, 0x10, 9, 0, 0], at: 12)
        let packet = PacketBuffer(reference.protect(rtp: plain, headerLength: 24))
        let report = PacketBuffer(reference.protect(rtcp: Self.report, index: 1))

        try receiver.unprotect(packet)
        try receiver.unprotectRTCP(report)

        #expect(packet.bytes.copied() == plain)
        #expect(report.bytes.copied() == Self.report)
    }

    @Test("refuses a packet it has seen, and one that was changed at any octet", arguments: SRTPProfile.allCases)
    func hostile(profile: SRTPProfile) throws {
        let keying = Redacted(Self.keying(profile))
        var sender = try SRTPSender(profile: profile, keying: keying)
        var receiver = try SRTPReceiver(profile: profile, keying: keying)
        let packet = PacketBuffer(rtp(sequence: 1, payload: 20))
        try sender.protect(packet)
        let wire = packet.bytes.copied()

        for index in wire.indices {
            var changed = wire
            changed[index] ^= 0x01
            #expect(throws: SRTPError.self) { try receiver.unprotect(PacketBuffer(changed)) }
        }
        for length in wire.indices {
            #expect(throws: SRTPError.self) { try receiver.unprotect(PacketBuffer(wire[..<length])) }
        }
        try receiver.unprotect(PacketBuffer(wire))

        #expect(throws: SRTPError.replayed) { try receiver.unprotect(PacketBuffer(wire)) }
    }

    @Test("goes on across the wrap of the sequence number, with reordering", arguments: SRTPProfile.allCases)
    func wrap(profile: SRTPProfile) throws {
        let keying = Redacted(Self.keying(profile))
        var sender = try SRTPSender(profile: profile, keying: keying)
        var receiver = try SRTPReceiver(profile: profile, keying: keying)
        var wire: [[UInt8]] = []
        for sequence in [65_533, 65_534, 65_535, 0, 1, 2] as [UInt16] {
            let packet = PacketBuffer(rtp(sequence: sequence))
            try sender.protect(packet)
            wire.append(packet.bytes.copied())
        }

        for index in [0, 2, 4, 1, 3, 5] {
            let packet = PacketBuffer(wire[index])
            try receiver.unprotect(packet)
            #expect(packet.count == 112)
        }
    }

    @Test("refuses keying material of the wrong length and a packet without room for the trailer")
    func limits() throws {
        #expect(throws: SRTPError.keying) {
            _ = try SRTPSender(profile: .aeadAES128GCM, keying: Redacted([1, 2, 3])).self
        }
        var sender = try SRTPSender(profile: .aeadAES128GCM, keying: Redacted(Self.keying(.aeadAES128GCM)))
        let packet = PacketBuffer(rtp(sequence: 1, payload: 2030))

        #expect(throws: SRTPError.tooLong) { try sender.protect(packet) }
    }
}
