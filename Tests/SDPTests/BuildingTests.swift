import MediaTypes
import SDP
import SansIO
import Testing

@Suite("Building descriptions")
struct BuildingTests {
    /// Adds what a transport adds to each section.
    private func addTransport(to media: inout MediaDescription, setup: SetupRole) {
        media.iceUfrag = "8hhY"
        media.icePwd = Redacted("asd88fgpdd777uzjYhagZg00")
        media.iceOptions = ["trickle"]
        media.attributes.append(.fingerprint(FingerprintAttribute(bytes: [0x12, 0xDF, 0x3E, 0x5D])))
        media.setup = setup
        media.attributes.append(
            .candidate(
                CandidateAttribute(
                    foundation: "1",
                    priority: 2_130_706_431,
                    address: "192.0.2.7",
                    port: 40_000,
                    type: "host"
                )
            )
        )
        media.attributes.append(.endOfCandidates)
    }

    private func addSource(to media: inout MediaDescription, ssrc: UInt32) {
        media.attributes.append(.ssrc(SourceAttribute(ssrc: SSRC(ssrc), name: "cname", value: "c1")))
        media.attributes.append(.msid(MediaStreamID(stream: "s1", track: "t\(ssrc)")))
    }

    private func makeOffer() -> SessionDescription {
        var audio = OfferAnswer.section(offering: Capabilities.audio, kind: .audio, mid: MediaID("0"))
        var video = OfferAnswer.section(offering: Capabilities.video, kind: .video, mid: MediaID("1"))
        addTransport(to: &audio, setup: .actpass)
        addTransport(to: &video, setup: .actpass)
        addSource(to: &audio, ssrc: 1_001)
        addSource(to: &video, ssrc: 2_001)
        video.attributes.append(.ssrcGroup(SourceGroup(semantics: "FID", ssrcs: [SSRC(2_001), SSRC(2_002)])))
        audio.ptime = 20
        audio.arrangeAttributes()
        video.arrangeAttributes()
        let group = MediaGroup(semantics: .bundle, mids: [MediaID("0"), MediaID("1")])
        return SessionDescription(
            origin: Origin(sessionID: "4711", sessionVersion: 1),
            attributes: [.group(group)],
            media: [audio, video]
        )
    }

    @Test("an audio and video offer reads as it always did")
    func goldenOffer() throws {
        let text = makeOffer().serialised()

        #expect(text.split(separator: "\r\n") == Golden.offer.split(separator: "\n"))
        #expect(try SessionDescription(parsing: text) == makeOffer())
    }

    @Test("the answer to Chromium's offer reads as it always did")
    func goldenAnswer() throws {
        let offer = try SessionDescription(parsing: Samples.chromiumOffer)
        var accepted: Set<MediaID> = []
        var answer = SessionDescription(origin: Origin(sessionID: "4711", sessionVersion: 1))
        for (index, offered) in offer.media.enumerated() {
            let decision = OfferAnswer.decide(index, of: offer, capabilities: Capabilities.all)
            guard case .accepted(let terms) = decision else {
                answer.media.append(OfferAnswer.rejected(offered))
                continue
            }
            var section = OfferAnswer.section(answering: offered, terms: terms)
            addTransport(to: &section, setup: OfferAnswer.answerSetup(offered: offer.setup(for: offered)))
            section.arrangeAttributes()
            answer.media.append(section)
            if let mid = offered.mid { accepted.insert(mid) }
        }
        for group in OfferAnswer.answerBundleGroups(offer: offer, accepted: accepted) {
            answer.attributes.append(.group(group))
        }

        #expect(answer.serialised().split(separator: "\r\n") == Golden.answer.split(separator: "\n"))
        try OfferAnswer.validate(answer: answer, to: offer)
    }

    @Test("two of our own agree on everything offered")
    func ownOffer() {
        let offer = makeOffer()

        for index in offer.media.indices {
            guard case .accepted(let terms) = OfferAnswer.decide(index, of: offer, capabilities: Capabilities.all)
            else {
                Issue.record("own offer refused")
                continue
            }
            #expect(terms.codecs.map(\.payloadType) == Capabilities.all(terms.kind)?.codecs.map(\.payloadType))
        }
    }

    @Test("setting replaces in place, nil removes")
    func setters() {
        var media = MediaDescription(kind: .audio, port: 9, proto: .udpTLSRTPSAVPF)
        media.attributes = [.mid(MediaID("a")), .direction(.sendonly), .rtcpMux, .direction(.inactive)]

        media.mid = MediaID("b")
        media.direction = .recvonly
        media.hasRTCPMux = false
        media.maxptime = 60

        #expect(media.attributes == [.mid(MediaID("b")), .direction(.recvonly), .maxptime(60)])
        media.mid = nil
        media.direction = nil
        media.maxptime = nil
        #expect(media.attributes.isEmpty)
    }
}
