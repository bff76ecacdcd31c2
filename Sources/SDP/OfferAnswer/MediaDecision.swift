public import MediaTypes

/// What we can do and want in sections of one kind.
public struct MediaCapabilities: Equatable, Sendable {
    /// The formats, best first.
    public var codecs: [CodecCapability]
    /// URIs of the header extensions we understand.
    public var extensions: Set<String>
    /// What we want to do.
    public var direction: MediaDirection

    /// Creates capabilities.
    public init(codecs: [CodecCapability], extensions: Set<String> = [], direction: MediaDirection = .sendrecv) {
        self.codecs = codecs
        self.extensions = extensions
        self.direction = direction
    }
}

/// Whether, and how, an offered section is accepted.
public enum MediaDecision: Equatable, Sendable {
    /// It is, with these terms.
    case accepted(MediaTerms)
    /// It is answered with port 0.
    case rejected(Refusal)

    /// Why a section is not accepted.
    public enum Refusal: String, Equatable, Sendable {
        /// The offer itself has port 0.
        case removedByOfferer
        /// A kind of media we do not carry, such as data channels.
        case unsupportedKind
        /// A transport other than SRTP keyed by DTLS.
        case unsupportedTransport
        /// No fingerprint, in the section or in the session (RFC 8842 §5.1).
        case noFingerprint
        /// No ICE user name and password (RFC 8839 §5.4).
        case noICECredentials
        /// RTCP on a port of its own.
        case noRTCPMux
        /// No codec in common.
        case noCommonCodec
    }
}

/// The terms of an accepted section.
public struct MediaTerms: Equatable, Sendable {
    /// Sound or pictures.
    public var kind: MediaKind
    /// The formats in the offerer's order.
    public var codecs: [NegotiatedCodec]
    /// The header extensions.
    public var extensions: [ExtensionMapping]
    /// Our direction.
    public var direction: MediaDirection
    /// Whether reduced-size RTCP may be sent.
    public var usesReducedSizeRTCP: Bool

    /// Creates terms.
    public init(
        kind: MediaKind,
        codecs: [NegotiatedCodec],
        extensions: [ExtensionMapping],
        direction: MediaDirection,
        usesReducedSizeRTCP: Bool
    ) {
        self.kind = kind
        self.codecs = codecs
        self.extensions = extensions
        self.direction = direction
        self.usesReducedSizeRTCP = usesReducedSizeRTCP
    }
}

extension OfferAnswer {
    /// Decides about one section of an offer.
    ///
    /// - Parameters:
    ///   - index: Position of the section; must exist.
    ///   - capabilities: What we have for sections of a kind; `nil` to refuse the kind.
    public static func decide(
        _ index: Int,
        of offer: SessionDescription,
        capabilities: (MediaKind) -> MediaCapabilities?
    ) -> MediaDecision {
        precondition(offer.media.indices.contains(index), "no such media section")
        let media = offer.media[index]
        // Bundle-only without a bundle to live in is as good as port 0 (RFC 9143 §6).
        let isBundled = offer.bundleGroups.contains { group in media.mid.map(group.mids.contains) ?? false }
        guard !media.isRejected, media.port != 0 || isBundled else { return .rejected(.removedByOfferer) }
        guard let kind = media.kind.mediaKind, let ours = capabilities(kind) else {
            return .rejected(.unsupportedKind)
        }
        guard media.proto.isDTLSSRTP else { return .rejected(.unsupportedTransport) }
        // Bundled sections may leave the transport's attributes to the one that comes first (RFC 9143 §7.1.3).
        let transport = offer.transportSection(of: media)
        guard !offer.fingerprints(for: transport).isEmpty else { return .rejected(.noFingerprint) }
        guard offer.iceUfrag(for: transport) != nil, offer.icePwd(for: transport) != nil else {
            return .rejected(.noICECredentials)
        }
        guard permitsRTCPMux(media, in: offer) else { return .rejected(.noRTCPMux) }
        let codecs = intersectCodecs(offer: media, supported: ours.codecs)
        guard !codecs.isEmpty else { return .rejected(.noCommonCodec) }
        let direction = answerDirection(offered: offer.direction(for: media), wanted: ours.direction)
        return .accepted(
            MediaTerms(
                kind: kind,
                codecs: codecs,
                extensions: intersectExtensions(
                    offered: offer.extensions(for: media),
                    supported: ours.extensions,
                    direction: ours.direction
                ),
                direction: direction,
                usesReducedSizeRTCP: media.hasRTCPRsize
            )
        )
    }

    /// The answered section for accepted terms, without its transport: codecs, extensions, direction, RTCP, tag.
    ///
    /// The port is 9, the discard port that stands where ICE finds the address (RFC 9429 §5.3.1).
    public static func section(answering offered: MediaDescription, terms: MediaTerms) -> MediaDescription {
        var answer = MediaDescription(kind: offered.kind, port: 9, proto: offered.proto)
        answer.connections = [.unspecified]
        answer.mid = offered.mid
        for mapping in terms.extensions { answer.attributes.append(.extmap(mapping)) }
        answer.direction = terms.direction
        // The answer to rtcp-mux-only is rtcp-mux alone (RFC 8858 §4.3).
        answer.hasRTCPMux = true
        answer.hasRTCPRsize = terms.usesReducedSizeRTCP
        for codec in terms.codecs { answer.add(codec) }
        return answer
    }

    /// An offered section for what we can do, without its transport.
    public static func section(
        offering capabilities: MediaCapabilities,
        kind: MediaKind,
        mid: MediaID
    ) -> MediaDescription {
        var offer = MediaDescription(
            kind: MediaDescription.Kind(kind.rawValue),
            port: 9,
            proto: .udpTLSRTPSAVPF,
            connections: [.unspecified]
        )
        offer.mid = mid
        for (index, uri) in capabilities.extensions.sorted().prefix(14).enumerated() {
            offer.attributes.append(.extmap(ExtensionMapping(id: index + 1, uri: uri)))
        }
        offer.direction = capabilities.direction
        offer.hasRTCPMux = true
        offer.hasRTCPRsize = true
        for codec in capabilities.codecs { offer.add(codec) }
        return offer
    }

    /// Checks that an answer has the shape its offer demands (RFC 3264 §6): the same sections in the same places.
    public static func validate(
        answer: SessionDescription,
        to offer: SessionDescription
    ) throws(OfferAnswerError) {
        guard answer.media.count == offer.media.count else {
            throw .sectionCount(offered: offer.media.count, answered: answer.media.count)
        }
        for (index, (offered, answered)) in zip(offer.media, answer.media).enumerated() {
            guard offered.kind == answered.kind else { throw .kindChanged(section: index) }
            // An answerer without RFC 5888 leaves the tag out; another one is an error.
            guard answered.mid == nil || answered.mid == offered.mid else { throw .midChanged(section: index) }
            guard !offered.isRejected || answered.isRejected else { throw .revivedSection(section: index) }
            guard answered.setup != .actpass else { throw .undecidedSetup(section: index) }
        }
        let offeredGroups = offer.bundleGroups
        for group in answer.bundleGroups {
            guard offeredGroups.contains(where: { Set($0.mids).isSuperset(of: group.mids) }) else {
                throw .bundleNotOffered
            }
        }
    }
}

/// Why an answer does not belong to its offer; sections count from 0.
public enum OfferAnswerError: Error, Equatable, Sendable {
    /// There are more or fewer sections than were offered.
    case sectionCount(offered: Int, answered: Int)
    /// A section carries another kind of media.
    case kindChanged(section: Int)
    /// A section has another identification tag.
    case midChanged(section: Int)
    /// A section that was offered with port 0 has one now.
    case revivedSection(section: Int)
    /// An answer must choose its DTLS role, not leave it open (RFC 8842 §5.3).
    case undecidedSetup(section: Int)
    /// A BUNDLE group with sections that were not offered in one group.
    case bundleNotOffered
}

extension SessionDescription {
    /// The section whose transport a section uses: the first of its BUNDLE group that is there, or itself.
    public func transportSection(of media: MediaDescription) -> MediaDescription {
        guard media.iceUfrag == nil || media.fingerprints.isEmpty, let mid = media.mid,
            let group = bundleGroups.first(where: { $0.mids.contains(mid) }), let tagged = group.mids.first
        else { return media }
        return self.media(tagged) ?? media
    }

    /// The header extensions of a section, those of the session included (RFC 8285 §6).
    public func extensions(for media: MediaDescription) -> [ExtensionMapping] { media.extensions + extensions }
}
