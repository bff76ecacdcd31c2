import MediaTypes
import SDP
import SansIO
import Testing

enum Capabilities {
    static let audio = MediaCapabilities(
        codecs: [
            CodecCapability(
                .codec(.opus),
                payloadType: PayloadType(111),
                parameters: ["minptime": "10", "useinbandfec": "1"]
            ),
            CodecCapability(.codec(.pcmu), payloadType: PayloadType(0)),
            CodecCapability(.codec(.pcma), payloadType: PayloadType(8)),
            CodecCapability(
                .telephoneEvent(clockRate: 48_000),
                payloadType: PayloadType(110),
                parameters: FormatParameters(rawValue: "0-16")
            ),
            CodecCapability(
                .telephoneEvent(clockRate: 8_000),
                payloadType: PayloadType(126),
                parameters: FormatParameters(rawValue: "0-16")
            ),
        ],
        extensions: ["urn:ietf:params:rtp-hdrext:sdes:mid"]
    )
    static let video = MediaCapabilities(
        codecs: [
            CodecCapability(
                .codec(.vp8),
                payloadType: PayloadType(96),
                retransmission: PayloadType(97),
                feedback: [.nack, .nackPLI, .ccmFIR]
            )
        ],
        extensions: ["urn:ietf:params:rtp-hdrext:sdes:mid"]
    )

    static func all(_ kind: MediaKind) -> MediaCapabilities? { kind == .audio ? audio : video }
}

@Suite("Offer and answer, RFC 3264, 8829, 8842, 9143")
struct OfferAnswerTests {
    private func decisions(_ text: String) throws -> [MediaDecision] {
        let offer = try SessionDescription(parsing: text)
        return offer.media.indices.map { OfferAnswer.decide($0, of: offer, capabilities: Capabilities.all) }
    }

    private func terms(_ decision: MediaDecision) throws -> MediaTerms {
        guard case .accepted(let terms) = decision else {
            Issue.record("not accepted: \(decision)")
            throw OfferAnswerError.sectionCount(offered: 0, answered: 0)
        }
        return terms
    }

    @Test("Chromium's audio and video are accepted under its payload types, its data channel is not")
    func chromium() throws {
        let decisions = try decisions(Samples.chromiumOffer)

        let audio = try terms(decisions[0])
        #expect(audio.codecs.map(\.payloadType.rawValue) == [111, 0, 8, 110, 126])
        #expect(audio.codecs[0].remoteParameters?.integer("minptime") == 10)
        #expect(audio.extensions == [ExtensionMapping(id: 4, uri: "urn:ietf:params:rtp-hdrext:sdes:mid")])
        let video = try terms(decisions[1])
        #expect(video.codecs.map(\.payloadType.rawValue) == [96])
        #expect(video.codecs[0].retransmission == PayloadType(97))
        #expect(video.codecs[0].feedback == [.nack, .nackPLI, .ccmFIR])
        #expect(video.usesReducedSizeRTCP)
        #expect(decisions[2] == .rejected(.unsupportedKind))
    }

    @Test("Firefox's payload types and its feedback for all are taken over")
    func firefox() throws {
        let decisions = try decisions(Samples.firefoxOffer)

        #expect(try terms(decisions[0]).codecs.map(\.payloadType.rawValue) == [109, 0, 8, 101])
        let video = try terms(decisions[1]).codecs[0]
        #expect(video.payloadType == PayloadType(120))
        #expect(video.retransmission == PayloadType(124))
        #expect(video.feedback == [.nack, .nackPLI, .ccmFIR])
    }

    @Test("old browsers, Asterisk and FreeSWITCH find a codec")
    func servers() throws {
        #expect(try terms(decisions(Samples.oldBrowserOffer)[0]).codecs.first?.codec == .opus)
        #expect(try terms(decisions(Samples.asteriskOffer)[0]).codecs.first?.codec == .pcmu)
        let answer = try SessionDescription(parsing: Samples.freeSwitchAnswer)
        let codecs = OfferAnswer.intersectCodecs(offer: answer.media[0], supported: Capabilities.audio.codecs)
        #expect(codecs.map(\.payloadType.rawValue) == [111, 110])
    }

    private func section(_ lines: String...) throws -> MediaDescription {
        let text = (["v=0"] + lines).joined(separator: "\n")
        return try #require(try SessionDescription(parsing: text).media.first)
    }

    @Test("codecs match by name without regard to case, by clock rate and by channels")
    func matching() throws {
        let offer = try section(
            "m=audio 9 UDP/TLS/RTP/SAVPF 100 101 102 103 104 0",
            "a=rtpmap:100 opus/16000/2",
            "a=rtpmap:101 OPUS/48000/2",
            "a=rtpmap:102 opus/48000/2",
            "a=rtpmap:103 PCMA/16000",
            "a=rtpmap:104 pcma/8000/2"
        )

        let codecs = OfferAnswer.intersectCodecs(offer: offer, supported: Capabilities.audio.codecs)

        #expect(codecs.map(\.payloadType.rawValue) == [101, 0])
    }

    @Test("telephone events stay on the clock of an accepted codec; without a codec they are nothing")
    func telephoneEvents() throws {
        let opus = try section(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 110 126",
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:110 telephone-event/48000",
            "a=rtpmap:126 telephone-event/8000"
        )
        let mismatch = try section(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 126",
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:126 telephone-event/8000"
        )
        let alone = try section("m=audio 9 UDP/TLS/RTP/SAVPF 126", "a=rtpmap:126 telephone-event/8000")
        let payloadTypes = { (offer: MediaDescription) in
            OfferAnswer.intersectCodecs(offer: offer, supported: Capabilities.audio.codecs).map(\.payloadType.rawValue)
        }

        #expect(payloadTypes(opus) == [111, 110])
        #expect(payloadTypes(mismatch) == [111, 126])
        #expect(payloadTypes(alone).isEmpty)
    }

    @Test(
        "an answer's direction mirrors the offer's, limited to what we want (RFC 3264 §6.1)",
        arguments: [
            (MediaDirection.sendrecv, MediaDirection.sendrecv, MediaDirection.sendrecv),
            (.sendonly, .sendrecv, .recvonly), (.recvonly, .sendrecv, .sendonly), (.inactive, .sendrecv, .inactive),
            (.sendrecv, .recvonly, .recvonly), (.sendrecv, .sendonly, .sendonly), (.sendonly, .sendonly, .inactive),
            (.recvonly, .recvonly, .inactive), (.sendrecv, .inactive, .inactive),
        ]
    )
    func directions(offered: MediaDirection, wanted: MediaDirection, answered: MediaDirection) {
        #expect(OfferAnswer.answerDirection(offered: offered, wanted: wanted) == answered)
    }

    @Test(
        "the DTLS role answers the offered one (RFC 8842 §5.3)",
        arguments: [
            (SetupRole.actpass, SetupRole.active, SetupRole.active), (.actpass, .passive, .passive),
            (.active, .active, .passive), (.passive, .passive, .active), (.holdconn, .active, .holdconn),
            (nil, .active, .passive),
        ] as [(SetupRole?, SetupRole, SetupRole)]
    )
    func setup(offered: SetupRole?, preferred: SetupRole, answered: SetupRole) {
        #expect(OfferAnswer.answerSetup(offered: offered, preferred: preferred) == answered)
    }

    @Test("extensions keep their identifiers; impossible, repeated and unknown ones are left out")
    func extensions() {
        let offered = [
            ExtensionMapping(id: 15, uri: "a"), ExtensionMapping(id: 3, uri: "b"), ExtensionMapping(id: 4, uri: "b"),
            ExtensionMapping(id: 3, uri: "c"), ExtensionMapping(id: 4096, uri: "d"), ExtensionMapping(id: 20, uri: "e"),
            ExtensionMapping(id: 5, direction: .sendonly, uri: "f"), ExtensionMapping(id: 6, uri: "unknown"),
        ]

        let answered = OfferAnswer.intersectExtensions(offered: offered, supported: ["a", "b", "c", "d", "e", "f"])

        #expect(answered.map(\.id) == [3, 20, 5])
        #expect(answered[2].direction == .recvonly)
    }

    @Test("the answer's bundle has the accepted sections only, and there is none unless offered (RFC 9143 §7.3)")
    func bundle() throws {
        let offer = try SessionDescription(parsing: Samples.chromiumOffer)
        let unbundled = try SessionDescription(parsing: Samples.oldBrowserOffer)

        let groups = OfferAnswer.answerBundleGroups(offer: offer, accepted: [MediaID("1"), MediaID("0")])

        #expect(groups.map(\.mids) == [[MediaID("0"), MediaID("1")]])
        #expect(OfferAnswer.answerBundleGroups(offer: offer, accepted: []).isEmpty)
        #expect(OfferAnswer.answerBundleGroups(offer: unbundled, accepted: [MediaID("0")]).isEmpty)
    }

    @Test(
        "sections that cannot be used are refused for a reason",
        arguments: [
            ("m=audio 0 UDP/TLS/RTP/SAVPF 0", MediaDecision.Refusal.removedByOfferer),
            ("m=audio 0 UDP/TLS/RTP/SAVPF 0\na=mid:x\na=bundle-only", .removedByOfferer),
            ("m=text 9 UDP/TLS/RTP/SAVPF 0", .unsupportedKind),
            ("m=audio 9 RTP/AVP 0", .unsupportedTransport),
            ("m=audio 9 UDP/TLS/RTP/SAVPF 0\na=ice-ufrag:abcd\na=ice-pwd:x", .noFingerprint),
            ("m=audio 9 UDP/TLS/RTP/SAVPF 0\na=fingerprint:sha-256 AA", .noICECredentials),
            ("m=audio 9 UDP/TLS/RTP/SAVPF 0\na=fingerprint:sha-256 AA\na=ice-ufrag:abcd\na=ice-pwd:x", .noRTCPMux),
            (
                "m=audio 9 UDP/TLS/RTP/SAVPF 9\na=fingerprint:sha-256 AA\na=ice-ufrag:abcd\na=ice-pwd:x\na=rtcp-mux-only",
                .noCommonCodec
            ),
        ]
    )
    func refusals(lines: String, reason: MediaDecision.Refusal) throws {
        #expect(try decisions("v=0\n" + lines) == [.rejected(reason)])
    }

    @Test("a bundled section takes transport and rtcp-mux from the first one of its group (RFC 9143 §7.1)")
    func bundledTransport() throws {
        let lines = [
            "v=0", "a=group:BUNDLE a b", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:a", "a=rtcp-mux",
            "a=fingerprint:sha-256 AA", "a=ice-ufrag:abcd", "a=ice-pwd:x", "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:b",
            "a=bundle-only", "a=rtpmap:96 VP8/90000",
        ]

        let decisions = try decisions(lines.joined(separator: "\n"))

        #expect(try terms(decisions[1]).codecs.first?.codec == .vp8)
    }

    @Test("a refused section keeps its place, kind, transport, formats and tag, with port 0 (RFC 3264 §6)")
    func rejection() throws {
        let offer = try SessionDescription(parsing: Samples.chromiumOffer)

        let answer = OfferAnswer.rejected(offer.media[2])

        #expect(answer.port == 0 && answer.isRejected)
        #expect(answer.kind == .application)
        #expect(answer.proto.rawValue == "UDP/DTLS/SCTP")
        #expect(answer.formats == ["webrtc-datachannel"])
        #expect(answer.mid == MediaID("2"))
    }

    @Test("an answer of another shape than its offer is an error")
    func validation() throws {
        let offer = try SessionDescription(parsing: Samples.chromiumOffer)
        var answer = SessionDescription(origin: Origin(sessionID: "1", sessionVersion: 1))
        answer.media = offer.media.map { OfferAnswer.rejected($0) }
        try OfferAnswer.validate(answer: answer, to: offer)

        var short = answer
        short.media.removeLast()
        #expect(throws: OfferAnswerError.sectionCount(offered: 3, answered: 2)) {
            try OfferAnswer.validate(answer: short, to: offer)
        }
        var swapped = answer
        swapped.media.swapAt(0, 1)
        #expect(throws: OfferAnswerError.kindChanged(section: 0)) {
            try OfferAnswer.validate(answer: swapped, to: offer)
        }
        var renamed = answer
        renamed.media[1].mid = MediaID("x")
        #expect(throws: OfferAnswerError.midChanged(section: 1)) {
            try OfferAnswer.validate(answer: renamed, to: offer)
        }
        var undecided = answer
        undecided.media[0].setup = .actpass
        #expect(throws: OfferAnswerError.undecidedSetup(section: 0)) {
            try OfferAnswer.validate(answer: undecided, to: offer)
        }
        var bundled = answer
        bundled.attributes = [.group(MediaGroup(semantics: .bundle, mids: [MediaID("0"), MediaID("9")]))]
        #expect(throws: OfferAnswerError.bundleNotOffered) { try OfferAnswer.validate(answer: bundled, to: offer) }
        #expect(throws: OfferAnswerError.revivedSection(section: 0)) {
            try OfferAnswer.validate(answer: offer, to: answer)
        }
    }
}
