import MediaTypes
import SDP
import SansIO
import Testing

@Suite("Parsing, RFC 8866")
struct ParsingTests {
    @Test("a Chromium offer comes out typed")
    func chromium() throws {
        let offer = try SessionDescription(parsing: Samples.chromiumOffer)

        #expect(offer.origin.sessionVersion == 2)
        #expect(offer.bundleGroups.map(\.mids) == [[MediaID("0"), MediaID("1"), MediaID("2")]])
        #expect(offer.allowsMixedExtensions)
        #expect(offer.media.map(\.kind) == [.audio, .video, .application])
        let audio = try #require(offer.media(MediaID("0")))
        #expect(audio.port == 53_121)
        #expect(audio.payloadTypes.count == 8)
        #expect(audio.iceUfrag == "Qx7w")
        #expect(audio.icePwd?.exposed == "t0pS3cretIcePasswordXyZ0")
        #expect(audio.setup == .actpass)
        #expect(audio.fingerprints.first?.bytes.count == 32)
        #expect(audio.candidates.map(\.type) == ["host", "srflx", "host"])
        #expect(audio.candidates[0].isMDNS)
        #expect(audio.candidates[1].related == CandidateAttribute.Related(address: "0.0.0.0", port: 0))
        #expect(audio.candidates[2].address == "2001:db8::44")
        #expect(audio.candidates[2].extensions.first == .init(name: "tcptype", value: "active"))
        #expect(audio.direction == .sendrecv)
        #expect(audio.hasRTCPMux && audio.hasRTCPRsize)
        #expect(audio.parameters(for: PayloadType(111))?.integer("USEINBANDFEC") == 1)
        #expect(audio.sources.first?.name == "cname")
        #expect(audio.msids == [MediaStreamID(stream: "0b7c5a0e-stream", track: "7d1e-audio")])
        #expect(audio.extensions.map(\.id) == [1, 2, 3, 4])
        let video = offer.media[1]
        #expect(video.bandwidths.first?.bitsPerSecond == 2_500_000)
        #expect(video.retransmission(for: PayloadType(96)) == PayloadType(97))
        #expect(video.sourceGroups == [SourceGroup(semantics: "FID", ssrcs: [SSRC(2_231_627_014), SSRC(632_943_048)])])
        #expect(offer.media[2].formats == ["webrtc-datachannel"])
        #expect(offer.notUnderstood == 3)
    }

    @Test("a Firefox offer: session-level values reach the sections, and bundle-only is no rejection")
    func firefox() throws {
        let offer = try SessionDescription(parsing: Samples.firefoxOffer)

        #expect(offer.media.allSatisfy { offer.fingerprints(for: $0).first?.bytes.first == 0x3E })
        #expect(offer.iceOptions(for: offer.media[0]) == ["trickle"])
        #expect(offer.media[0].extensions[1].direction == .recvonly)
        #expect(offer.media[1].port == 0)
        #expect(!offer.media[1].isRejected)
        #expect(offer.media[1].feedback(for: PayloadType(120)) == [.nack, .nackPLI, .ccmFIR])
    }

    @Test("descriptions of old browsers and of servers are read")
    func others() throws {
        let old = try SessionDescription(parsing: Samples.oldBrowserOffer)
        let asterisk = try SessionDescription(parsing: Samples.asteriskOffer)
        let freeSwitch = try SessionDescription(parsing: Samples.freeSwitchAnswer)

        #expect(old.media[0].candidates.map(\.component) == [1, 2])
        #expect(old.media[0].proto.isDTLSSRTP)
        #expect(asterisk.connection(for: asterisk.media[0])?.ip == IPAddress("198.51.100.7"))
        #expect(asterisk.media[0].fingerprints.first?.algorithm == "sha-256")
        #expect(asterisk.media[0].candidates.first?.transport == "udp")
        #expect(asterisk.media[0].ptime == 20)
        #expect(freeSwitch.media[0].parameters(for: PayloadType(111))?["minptime"] == "10")
        #expect(freeSwitch.media[0].hasEndOfCandidates)
        #expect(
            freeSwitch.media[0].attributes.contains(
                .rtcp(
                    RTCPAddress(
                        port: 24_312,
                        address: ConnectionAddress(addressType: "IP4", address: "198.51.100.20")
                    )
                )
            )
        )
    }

    @Test("every line of the grammar is kept, but the obsolete key")
    func conference() throws {
        let session = try SessionDescription(parsing: Samples.conference)

        #expect(session.timing == Timing(start: 3_724_394_400, stop: 3_724_398_000))
        #expect(session.bandwidths == [Bandwidth(type: "X-YZ", value: 128)])
        #expect(session.direction(for: session.media[0]) == .recvonly)
        #expect(session.media[0].portCount == 2)
        #expect(session.media[0].connections.first?.address == "233.252.0.2/127/3")
        #expect(session.media[0].bandwidths.first?.bitsPerSecond == 64_000)
        #expect(session.notUnderstood == 2)
        let expected = Samples.conference.split(separator: "\n").filter { !$0.hasPrefix("k=") }
        #expect(session.serialised().split(separator: "\r\n") == expected)
    }

    @Test("what is parsed and written is the same text", arguments: Samples.all.dropLast())
    func roundTrip(text: String) throws {
        let session = try SessionDescription(parsing: text)

        let again = try SessionDescription(parsing: session.serialised())

        #expect(again == session)
        #expect(again.serialised() == session.serialised())
        let normalise = { (line: Substring) in line.lowercased().replacing("m=audio 53121/1", with: "m=audio 53121") }
        #expect(
            session.serialised().split(separator: "\r\n").map(normalise).sorted()
                == text.split(separator: "\n").map(normalise).sorted()
        )
    }

    @Test("lines may end in CRLF, LF or CR, and missing ones do no harm")
    func lineEnds() throws {
        let lines = ["v=0", "m=audio 9 RTP/AVP 0"]
        let expected = try SessionDescription(parsing: lines.joined(separator: "\n"))

        #expect(try SessionDescription(parsing: lines.joined(separator: "\r\n") + "\r\n") == expected)
        #expect(try SessionDescription(parsing: lines.joined(separator: "\r")) == expected)
        #expect(expected.media.count == 1)
    }

    @Test(
        "what cannot be used is an error that names its line",
        arguments: [
            ("", SDPError.empty), ("\r\n\r\n", .empty), ("hello", .missingVersion),
            ("o=- 1 1 IN IP4 0.0.0.0", .missingVersion),
            ("v=1", .unsupportedVersion(line: 1)), ("v=0\nv=0", .unsupportedVersion(line: 2)),
            ("v=0\no=- 1 x IN IP4 0.0.0.0", .malformed(field: .origin, line: 2)),
            ("v=0\no=- 1 99999999999999999999 IN IP4 h", .malformed(field: .origin, line: 2)),
            ("v=0\n\nc=IN IP4", .malformed(field: .connection, line: 3)),
            ("v=0\r\nm=audio", .malformed(field: .media, line: 2)),
            ("v=0\nm=audio 65536 RTP/AVP 0", .malformed(field: .media, line: 2)),
            ("v=0\nm=audio 9/99999 RTP/AVP 0", .malformed(field: .media, line: 2)),
            ("v=0\nm=audio -9 RTP/AVP 0", .malformed(field: .media, line: 2)),
        ]
    )
    func errors(text: String, error: SDPError) {
        #expect(throws: error) { try SessionDescription(parsing: text) }
    }

    @Test("length, lines and sections are bounded")
    func bounds() {
        let long = "v=0\na=x:" + String(repeating: "y", count: SDPLimits.lineInBytes)
        let sections = "v=0\n" + String(repeating: "m=audio 9 RTP/AVP 0\n", count: SDPLimits.mediaSections + 1)
        let lines = "v=0\n" + String(repeating: "a=x\n", count: SDPLimits.lines)

        #expect(throws: SDPError.lineTooLong(line: 2)) { try SessionDescription(parsing: long) }
        #expect(throws: SDPError.tooManyMedia(line: SDPLimits.mediaSections + 2)) {
            try SessionDescription(parsing: sections)
        }
        #expect(throws: SDPError.tooManyLines) { try SessionDescription(parsing: lines) }
        #expect(throws: SDPError.tooLarge(bytes: 300_000)) {
            try SessionDescription(parsing: [UInt8](repeating: 0x61, count: 300_000))
        }
    }

    @Test(
        "an attribute that does not fit its type is kept as it is",
        arguments: [
            "candidate:1 1 udp x 192.0.2.1 9 typ host", "candidate:1 0 udp 1 192.0.2.1 9 typ host",
            "rtpmap:128 opus/48000/2",
            "rtpmap:96 VP8", "fingerprint:sha-256 3E:8", "fingerprint:sha-256 +E:88", "extmap:0 urn:x",
            "extmap:70000 urn:x",
            "extmap:1/sideways urn:x", "ssrc:4294967296 cname:x", "setup:later", "rtcp:70000", "rtcp-fb:300 nack",
            "ptime:2.5",
            "mid:", "sendrecv:x", "remote-candidates:1 192.0.2.1", "fmtp:96", "ssrc-group:FID", "msid:a b c", ":", "",
        ]
    )
    func malformedAttributes(line: String) throws {
        let session = try SessionDescription(parsing: "v=0\r\na=\(line)\r\n")

        #expect(session.attributes.first?.isOther == true)
        #expect(session.serialised().hasSuffix("a=\(line)\r\n"))
    }

    @Test(
        "candidates of RFC 8839 and of browsers",
        arguments: [
            "1 1 udp 2130706431 203.0.113.141 8998 typ host",
            "2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998",
            "3 1 tcp 1015021823 2001:db8::1 9 typ relay raddr :: rport 9 tcptype passive generation 0 ufrag x",
        ]
    )
    func candidates(text: String) throws {
        let candidate = try #require(CandidateAttribute("candidate:" + text))

        #expect(candidate.text == text)
        #expect(candidate == CandidateAttribute(text))
    }

    @Test("secrets do not show when a description is printed")
    func redaction() throws {
        let session = try SessionDescription(parsing: Samples.oldBrowserOffer)
        var dumped = ""
        dump(session, to: &dumped)

        for text in ["\(session)", String(reflecting: session), dumped] {
            #expect(!text.contains("aaaaaaaaaaaa"))
            #expect(!text.contains("inline"))
        }
        #expect(session.serialised().contains("inline"))
    }

    @Test("no value can add lines to what is written")
    func injection() {
        var session = SessionDescription(origin: Origin(sessionID: "1", sessionVersion: 1), sessionName: "x\r\nm=audio")
        session.attributes = [.other(name: "note", value: "y\na=recvonly")]

        #expect(session.serialised().split(separator: "\r\n").count == 5)
    }
}
