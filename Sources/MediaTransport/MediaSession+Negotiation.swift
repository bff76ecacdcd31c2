internal import DTLS
internal import ICE
internal import MediaTypes
package import SDP
package import SansIO

extension MediaSession {
    // MARK: - Offering

    /// Our offer: one BUNDLE group, rtcp-mux, one transport described in its first section.
    package func makeOffer(at now: MonotonicTime) -> SessionDescription {
        var offer = makeDescription()
        let key = TransportKey(mid: MediaID("0"))
        let transport = transports[key] ?? makeTransport(key, role: .controlling, at: now)
        for (index, entry) in configuration.kinds.enumerated() {
            let mid = MediaID(String(index))
            var section = OfferAnswer.section(offering: entry.capabilities, kind: entry.kind, mid: mid)
            bundle[mid] = key
            describe(transport, setup: .actpass, in: &section, withCandidates: index == 0)
            offer.media.append(section)
        }
        let mids = offer.media.compactMap(\.mid)
        offer.attributes.append(.group(MediaGroup(semantics: .bundle, mids: mids)))
        for index in offer.media.indices { offer.media[index].arrangeAttributes() }
        localOffer = offer
        drain(at: now)
        return offer
    }

    /// The peer's answer to our offer.
    package func setRemoteAnswer(_ answer: SessionDescription, at now: MonotonicTime) throws(NegotiationError) {
        guard let offer = localOffer else { throw .wrongState }
        do {
            try OfferAnswer.validate(answer: answer, to: offer)
        } catch {
            throw .answer(error)
        }
        let bundled = Set(answer.bundleGroups.flatMap(\.mids))
        var accepted: [(mid: MediaID, index: Int, terms: MediaTerms)] = []
        for (index, section) in answer.media.enumerated() where !section.isRejected {
            guard let mid = offer.media[index].mid else { continue }
            // One transport was offered: a section outside the group has none of its own.
            guard accepted.isEmpty || bundled.contains(mid) else { continue }
            let entry = configuration.kinds[index]
            let codecs = OfferAnswer.intersectCodecs(offer: section, supported: entry.capabilities.codecs)
            guard !codecs.isEmpty else { continue }
            let terms = MediaTerms(
                kind: entry.kind,
                codecs: codecs,
                extensions: OfferAnswer.intersectExtensions(
                    offered: answer.extensions(for: section),
                    supported: entry.capabilities.extensions,
                    direction: entry.capabilities.direction
                ),
                direction: OfferAnswer.answerDirection(
                    offered: answer.direction(for: section),
                    wanted: entry.capabilities.direction
                ),
                usesReducedSizeRTCP: section.hasRTCPRsize
            )
            accepted.append((mid, index, terms))
        }
        guard let first = accepted.first, let key = bundle[first.mid] else { throw .nothingInCommon }
        let section = answer.transportSection(of: answer.media[first.index])
        // actpass is no answer; `validate` has refused it, so the peer is active or passive here.
        let role: DTLSRole = answer.setup(for: section) == .active ? .server : .client
        try connect(key, to: section, of: answer, role: role, index: first.index, at: now)
        for (mid, _, terms) in accepted { addStream(mid, terms) }
        localOffer = nil
        drain(at: now)
    }

    // MARK: - Answering

    /// Our answer to the peer's offer; every section that we take is connected from here on.
    package func answer(_ offer: SessionDescription, at now: MonotonicTime) throws(NegotiationError)
        -> SessionDescription
    {
        guard localOffer == nil else { throw .wrongState }
        var answer = makeDescription()
        var taken: Set<MediaKind> = []
        var accepted: Set<MediaID> = []
        for index in offer.media.indices {
            let decision = OfferAnswer.decide(index, of: offer) { kind in
                // One section of a kind: a second camera is declined.
                taken.contains(kind) ? nil : self.configuration.kinds.first { $0.kind == kind }?.capabilities
            }
            guard case .accepted(let terms) = decision else {
                answer.media.append(OfferAnswer.rejected(offer.media[index]))
                continue
            }
            let offered = offer.media[index]
            let mid = offered.mid ?? MediaID("\(index)")
            let first = offer.transportSection(of: offered)
            let key = key(of: mid, in: offer, accepted: accepted)
            let isNew = transports[key] == nil
            let transport = transports[key] ?? makeTransport(key, role: .controlled, at: now)
            bundle[mid] = key
            let setup = OfferAnswer.answerSetup(offered: offer.setup(for: first), preferred: configuration.answerSetup)
            if isNew {
                let role: DTLSRole = setup == .active ? .client : .server
                try connect(key, to: first, of: offer, role: role, index: index, at: now)
            }
            var section = OfferAnswer.section(answering: offered, terms: terms)
            addStream(mid, terms)
            describe(transport, setup: setup, in: &section, withCandidates: isNew)
            section.arrangeAttributes()
            answer.media.append(section)
            taken.insert(terms.kind)
            accepted.insert(mid)
        }
        guard !accepted.isEmpty else { throw .nothingInCommon }
        for group in OfferAnswer.answerBundleGroups(offer: offer, accepted: accepted) {
            answer.attributes.append(.group(group))
        }
        drain(at: now)
        return answer
    }

    /// The transport of an accepted section: that of the first accepted one of its BUNDLE group (RFC 9143 §7.3).
    private func key(of mid: MediaID, in offer: SessionDescription, accepted: Set<MediaID>) -> TransportKey {
        let group = offer.bundleGroups.first { $0.mids.contains(mid) }
        let mate = group?.mids.first { accepted.contains($0) }
        return mate.flatMap { bundle[$0] } ?? TransportKey(mid: mid)
    }

    // MARK: - Pieces

    private func makeDescription() -> SessionDescription {
        SessionDescription(origin: Origin(sessionID: String(sessionID), sessionVersion: 1))
    }

    private func makeTransport(_ key: TransportKey, role: ICERole, at now: MonotonicTime) -> SecureTransport {
        let transport = SecureTransport(
            identity: identity,
            iceRole: role,
            pool: pool,
            random: random.fork()
        )
        for address in localAddresses { transport.ice.addHostCandidate(base: address, at: now) }
        transport.ice.startGathering(at: now)
        transports[key] = transport
        return transport
    }

    private func addStream(_ mid: MediaID, _ terms: MediaTerms) {
        let ssrc = SSRC(UInt32(truncatingIfNeeded: random.next()) | 1)
        // Below 2¹⁵, so that an SRTP receiver that misses the first packets does not misjudge the rollover (RFC 3711 §3.3.1).
        let first = UInt16.random(in: 0..<0x8000, using: &random)
        streams[mid] = MediaStream(mid: mid, terms: terms, ssrc: ssrc, firstSequence: first)
    }

    /// Writes ICE, DTLS and our candidates into a section.
    private func describe(
        _ transport: SecureTransport,
        setup: SetupRole,
        in section: inout MediaDescription,
        withCandidates: Bool
    ) {
        section.iceUfrag = transport.ice.localCredentials.usernameFragment
        section.icePwd = transport.ice.localCredentials.password
        let fingerprint = identity.fingerprint
        section.attributes.append(
            .fingerprint(FingerprintAttribute(algorithm: fingerprint.algorithm.rawValue, bytes: fingerprint.bytes))
        )
        section.setup = setup
        guard withCandidates else { return }
        for candidate in transport.ice.localCandidates {
            section.attributes.append(
                .candidate(
                    CandidateAttribute(
                        foundation: candidate.foundation,
                        component: 1,
                        transport: "udp",
                        priority: candidate.priority,
                        address: candidate.address.ip.description,
                        port: candidate.address.port,
                        type: candidate.type.token
                    )
                )
            )
        }
        section.attributes.append(.endOfCandidates)
    }

    /// Takes credentials, fingerprints and candidates of a description's section.
    private func connect(
        _ key: TransportKey,
        to section: MediaDescription,
        of description: SessionDescription,
        role: DTLSRole,
        index: Int,
        at now: MonotonicTime
    ) throws(NegotiationError) {
        let fingerprints = description.fingerprints(for: section).compactMap { attribute in
            CertificateFingerprint.Algorithm(rawValue: attribute.algorithm.lowercased()).flatMap { algorithm in
                algorithm.length == attribute.bytes.count
                    ? CertificateFingerprint(algorithm: algorithm, bytes: attribute.bytes) : nil
            }
        }
        guard let fragment = description.iceUfrag(for: section), let password = description.icePwd(for: section),
            !fingerprints.isEmpty, let transport = transports[key]
        else { throw .incompleteTransport(section: index) }
        for candidate in section.candidates {
            let description = ICECandidateDescription(
                foundation: candidate.foundation,
                component: candidate.component,
                transport: candidate.transport,
                priority: candidate.priority,
                address: candidate.address,
                port: candidate.port,
                type: candidate.type
            )
            transport.ice.addRemoteCandidate(description, at: now)
        }
        transport.setRemote(
            credentials: ICECredentials(usernameFragment: fragment, password: password),
            isLite: description.contains(.iceLite),
            fingerprints: fingerprints,
            role: role,
            at: now
        )
        // SIP does not trickle here: what the description holds is all there is.
        transport.ice.endOfCandidates(at: now)
    }
}
