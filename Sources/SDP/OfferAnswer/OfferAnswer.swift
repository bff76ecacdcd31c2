public import MediaTypes

/// The rules by which an answer follows from an offer (RFC 3264, RFC 9429), as pure functions.
public enum OfferAnswer {
    /// The formats of an offered section that we have, in the offerer's order and under its payload types (RFC 3264 §6.1).
    ///
    /// Each format is taken once, at its first payload type. Of the telephone events those remain that run on the clock of
    /// an accepted codec (RFC 4733 §2.1), or all when none does. Reads an answer to our own offer the same way.
    /// - Returns: Empty when there is nothing in common, or only telephone events.
    public static func intersectCodecs(
        offer: MediaDescription,
        supported: [CodecCapability]
    ) -> [NegotiatedCodec] {
        var common: [NegotiatedCodec] = []
        for payloadType in offer.payloadTypes {
            guard let map = offer.rtpmap(for: payloadType),
                let capability = supported.first(where: { $0.format.matches(map) }),
                !common.contains(where: { $0.format == capability.format || $0.payloadType == payloadType })
            else { continue }
            let offered = offer.feedback(for: payloadType)
            common.append(
                NegotiatedCodec(
                    format: capability.format,
                    payloadType: payloadType,
                    retransmission: capability.retransmission.flatMap { _ in offer.retransmission(for: payloadType) },
                    remoteParameters: offer.parameters(for: payloadType),
                    localParameters: capability.parameters,
                    feedback: capability.feedback.filter(offered.contains)
                )
            )
        }
        return withoutStrayEvents(common)
    }

    private static func withoutStrayEvents(_ codecs: [NegotiatedCodec]) -> [NegotiatedCodec] {
        let clockRates = Set(codecs.compactMap { $0.codec?.clockRate })
        guard !clockRates.isEmpty else { return [] }
        let events = codecs.filter { $0.codec == nil }
        guard events.contains(where: { clockRates.contains($0.format.clockRate) }) else { return codecs }
        return codecs.filter { $0.codec != nil || clockRates.contains($0.format.clockRate) }
    }

    /// The header extensions to answer with: those that we know, under the offered identifiers (RFC 8285 §6).
    ///
    /// Identifiers that cannot stand in a packet, and second ones for the same meaning, are left out.
    /// - Parameters:
    ///   - offered: The extensions of the offered section.
    ///   - supported: The URIs we understand.
    ///   - direction: The direction of the answered section.
    public static func intersectExtensions(
        offered: [ExtensionMapping],
        supported: Set<String>,
        direction: MediaDirection = .sendrecv
    ) -> [ExtensionMapping] {
        var seenURIs: Set<String> = []
        var seenIDs: Set<Int> = []
        return offered.compactMap { mapping in
            // 0 is padding, 15 is reserved in the one-byte form; above 255 no form has room.
            guard supported.contains(mapping.uri), (1...255).contains(mapping.id), mapping.id != 15,
                seenURIs.insert(mapping.uri).inserted, seenIDs.insert(mapping.id).inserted
            else { return nil }
            // The direction is written only when the offer restricts it.
            let answered = mapping.direction.map { answerDirection(offered: $0, wanted: direction) }
            return ExtensionMapping(id: mapping.id, direction: answered, uri: mapping.uri)
        }
    }

    /// The direction of an answered section: the offered one seen from here, limited to what we want (RFC 3264 §6.1).
    public static func answerDirection(offered: MediaDirection, wanted: MediaDirection) -> MediaDirection {
        offered.reversed.intersection(wanted)
    }

    /// The BUNDLE groups of the answer: the offered ones without the sections that are not accepted (RFC 9143 §7.3).
    ///
    /// A section stays in the first group that names it. Groups that end up empty are left out.
    public static func answerBundleGroups(offer: SessionDescription, accepted: Set<MediaID>) -> [MediaGroup] {
        var left = accepted
        return offer.bundleGroups.compactMap { group in
            let mids = group.mids.filter { left.remove($0) != nil }
            return mids.isEmpty ? nil : MediaGroup(semantics: .bundle, mids: mids)
        }
    }

    /// The DTLS role to answer with (RFC 8842 §5.3); an offer without one means `active` (RFC 4145 §4).
    ///
    /// - Parameter preferred: `active` or `passive`, for offers that leave the choice. Active saves a round trip.
    public static func answerSetup(offered: SetupRole?, preferred: SetupRole = .active) -> SetupRole {
        switch offered ?? .active {
        case .actpass: preferred == .passive ? .passive : .active
        case .active: .passive
        case .passive: .active
        case .holdconn: .holdconn
        }
    }

    /// Whether an offered section lets RTP and RTCP share a port, as we always do (RFC 5761 §5.1.1, RFC 8858 §4).
    ///
    /// Within a bundle sharing is a must, and a section other than the first may leave the attribute out (RFC 9143 §7.1).
    public static func permitsRTCPMux(_ offered: MediaDescription, in offer: SessionDescription) -> Bool {
        if offered.hasRTCPMux || offered.hasRTCPMuxOnly { return true }
        guard let mid = offered.mid, let group = offer.bundleGroups.first(where: { $0.mids.contains(mid) }) else {
            return false
        }
        return group.mids.contains { offer.media($0).map { $0.hasRTCPMux || $0.hasRTCPMuxOnly } ?? false }
    }

    /// The answer to a section that is not accepted: the same line with port 0 (RFC 3264 §6).
    ///
    /// It keeps its place, transport and formats, since the line needs some, and its identification tag.
    public static func rejected(_ offered: MediaDescription) -> MediaDescription {
        var answer = MediaDescription(
            kind: offered.kind,
            port: 0,
            proto: offered.proto,
            formats: offered.formats.isEmpty ? ["0"] : offered.formats
        )
        answer.connections = [.unspecified]
        answer.mid = offered.mid
        if offered.proto.isRTP { answer.direction = .inactive }
        return answer
    }
}
