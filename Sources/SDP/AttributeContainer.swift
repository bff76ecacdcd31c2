public import MediaTypes
public import SansIO

/// What has attributes: a session or a media section.
///
/// Reading takes the first attribute of a kind. Setting replaces it where it stands, or appends it; `nil` removes it.
public protocol AttributeContainer {
    /// The attributes, in order.
    var attributes: [SDPAttribute] { get set }
}

extension AttributeContainer {
    /// The groups (RFC 5888).
    public var groups: [MediaGroup] { attributes.compactMap { if case .group(let group) = $0 { group } else { nil } } }

    /// The identification tag.
    public var mid: MediaID? {
        get { first { if case .mid(let mid) = $0 { mid } else { nil } } }
        set { replace("mid", by: newValue.map { .mid($0) }) }
    }

    /// The ICE user name fragment.
    public var iceUfrag: String? {
        get { first { if case .iceUfrag(let text) = $0 { text } else { nil } } }
        set { replace("ice-ufrag", by: newValue.map { .iceUfrag($0) }) }
    }

    /// The ICE password.
    public var icePwd: Redacted<String>? {
        get { first { if case .icePwd(let secret) = $0 { secret } else { nil } } }
        set { replace("ice-pwd", by: newValue.map { .icePwd($0) }) }
    }

    /// The ICE options, such as `trickle`; empty when there are none.
    public var iceOptions: [String] {
        get { first { if case .iceOptions(let options) = $0 { options } else { nil } } ?? [] }
        set { replace("ice-options", by: newValue.isEmpty ? nil : .iceOptions(newValue)) }
    }

    /// Whether the writer is an ICE lite implementation.
    public var isICELite: Bool { contains(.iceLite) }

    /// The candidates that could be read.
    public var candidates: [CandidateAttribute] {
        attributes.compactMap { if case .candidate(let candidate) = $0 { candidate } else { nil } }
    }

    /// Whether no more candidates will follow.
    public var hasEndOfCandidates: Bool { contains(.endOfCandidates) }

    /// The certificate fingerprints; any one of them suffices (RFC 8122 §5).
    public var fingerprints: [FingerprintAttribute] {
        attributes.compactMap { if case .fingerprint(let fingerprint) = $0 { fingerprint } else { nil } }
    }

    /// The role in the DTLS handshake.
    public var setup: SetupRole? {
        get { first { if case .setup(let role) = $0 { role } else { nil } } }
        set { replace("setup", by: newValue.map { .setup($0) }) }
    }

    /// The identifier of the DTLS association.
    public var tlsID: String? {
        get { first { if case .tlsID(let text) = $0 { text } else { nil } } }
        set { replace("tls-id", by: newValue.map { .tlsID($0) }) }
    }

    /// Whether RTP and RTCP may share a port.
    public var hasRTCPMux: Bool {
        get { contains(.rtcpMux) }
        set { replace("rtcp-mux", by: newValue ? .rtcpMux : nil) }
    }

    /// Whether RTP and RTCP must share a port.
    public var hasRTCPMuxOnly: Bool { contains(.rtcpMuxOnly) }

    /// Whether reduced-size RTCP is understood.
    public var hasRTCPRsize: Bool {
        get { contains(.rtcpRsize) }
        set { replace("rtcp-rsize", by: newValue ? .rtcpRsize : nil) }
    }

    /// Whether the section exists as part of a bundle only.
    public var isBundleOnly: Bool { contains(.bundleOnly) }

    /// The direction as written; `nil` when nothing is, which means `sendrecv`.
    public var direction: MediaDirection? {
        get { first { if case .direction(let direction) = $0 { direction } else { nil } } }
        set {
            let index = attributes.firstIndex { if case .direction = $0 { true } else { false } }
            attributes.removeAll { if case .direction = $0 { true } else { false } }
            guard let newValue else { return }
            attributes.insert(.direction(newValue), at: index ?? attributes.count)
        }
    }

    /// The header extensions.
    public var extensions: [ExtensionMapping] {
        attributes.compactMap { if case .extmap(let mapping) = $0 { mapping } else { nil } }
    }

    /// Whether one-byte and two-byte header extensions may be mixed.
    public var allowsMixedExtensions: Bool { contains(.extmapAllowMixed) }

    /// Properties of the sources.
    public var sources: [SourceAttribute] {
        attributes.compactMap { if case .ssrc(let source) = $0 { source } else { nil } }
    }

    /// Groups of sources.
    public var sourceGroups: [SourceGroup] {
        attributes.compactMap { if case .ssrcGroup(let group) = $0 { group } else { nil } }
    }

    /// The streams and tracks.
    public var msids: [MediaStreamID] {
        attributes.compactMap { if case .msid(let id) = $0 { id } else { nil } }
    }

    /// The wanted length of an audio packet in milliseconds.
    public var ptime: Int? {
        get { first { if case .ptime(let milliseconds) = $0 { milliseconds } else { nil } } }
        set { replace("ptime", by: newValue.map { .ptime($0) }) }
    }

    /// The greatest length of an audio packet in milliseconds.
    public var maxptime: Int? {
        get { first { if case .maxptime(let milliseconds) = $0 { milliseconds } else { nil } } }
        set { replace("maxptime", by: newValue.map { .maxptime($0) }) }
    }

    /// Whether exactly this attribute is there.
    public func contains(_ attribute: SDPAttribute) -> Bool { attributes.contains(attribute) }

    /// Replaces the first attribute of a name by another, and removes further ones.
    ///
    /// Where there is none, the new one is appended.
    public mutating func replace(_ name: String, by attribute: SDPAttribute?) {
        let index = attributes.firstIndex { $0.name == name }
        attributes.removeAll { $0.name == name }
        guard let attribute else { return }
        attributes.insert(attribute, at: index ?? attributes.count)
    }

    private func first<Value>(_ extract: (SDPAttribute) -> Value?) -> Value? {
        for attribute in attributes {
            if let value = extract(attribute) { return value }
        }
        return nil
    }
}
