extension AttributeContainer {
    /// Puts the attributes in the order in which browsers write them; those of one kind keep theirs.
    ///
    /// The order means nothing to a parser, but everything to a reader who compares two descriptions.
    public mutating func arrangeAttributes() {
        let ranked = attributes.enumerated().sorted { left, right in
            (left.element.rank, left.offset) < (right.element.rank, right.offset)
        }
        attributes = ranked.map(\.element)
    }
}

extension SDPAttribute {
    /// Position in the customary order; equal for lines that stay together, such as those of one payload type.
    fileprivate var rank: Int {
        switch self {
        case .group: 0
        case .rtcp: 10
        case .candidate: 11
        case .endOfCandidates: 12
        case .remoteCandidates: 13
        case .iceLite: 14
        case .iceUfrag: 15
        case .icePwd: 16
        case .iceOptions: 17
        case .fingerprint: 18
        case .crypto: 19
        case .tlsID: 20
        case .setup: 21
        case .mid: 22
        case .bundleOnly: 23
        case .extmapAllowMixed: 24
        case .extmap: 25
        case .direction: 26
        case .msid: 27
        case .rtcpMux: 28
        case .rtcpMuxOnly: 29
        case .rtcpRsize: 30
        case .rtpmap, .fmtp, .rtcpFeedback: 40
        case .rid: 41
        case .simulcast: 42
        case .ptime: 43
        case .maxptime: 44
        case .other: 45
        case .ssrcGroup: 50
        case .ssrc: 51
        }
    }
}
