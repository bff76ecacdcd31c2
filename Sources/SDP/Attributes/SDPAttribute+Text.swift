import MediaTypes
import SansIO

extension SDPAttribute {
    /// Reads what follows `a=`.
    init(parsing line: Substring) {
        let (name, value) = halves(line, at: ":")
        self =
            Self.typed(name: name.lowercased(), value: value)
            ?? .other(name: String(name), value: value.map(String.init))
    }

    private static func typed(name: String, value: Substring?) -> SDPAttribute? {
        guard let value else { return flag(named: name) }
        switch name {
        case "group": return MediaGroup(parsing: value).map { .group($0) }
        case "mid": return single(value).map { .mid(MediaID($0)) }
        case "ice-ufrag": return single(value).map { .iceUfrag($0) }
        case "ice-pwd": return .icePwd(Redacted(String(value)))
        case "ice-options": return .iceOptions(tokens(value).map(String.init))
        case "candidate": return CandidateAttribute(parsing: value).map { .candidate($0) }
        case "remote-candidates": return RemoteCandidate.list(parsing: value).map { .remoteCandidates($0) }
        case "fingerprint": return FingerprintAttribute(parsing: value).map { .fingerprint($0) }
        case "setup": return SetupRole(rawValue: trimmed(value).lowercased()).map { .setup($0) }
        case "tls-id": return single(value).map { .tlsID($0) }
        case "rtcp": return RTCPAddress(parsing: value).map { .rtcp($0) }
        case "rtpmap": return RTPMap(parsing: value).map { .rtpmap($0) }
        case "fmtp": return formatParameters(value)
        case "rtcp-fb": return RTCPFeedback(parsing: value).map { .rtcpFeedback($0) }
        case "extmap": return ExtensionMapping(parsing: value).map { .extmap($0) }
        case "ssrc": return SourceAttribute(parsing: value).map { .ssrc($0) }
        case "ssrc-group": return SourceGroup(parsing: value).map { .ssrcGroup($0) }
        case "msid": return MediaStreamID(parsing: value).map { .msid($0) }
        case "ptime": return decimal(trimmed(value), as: Int.self).map { .ptime($0) }
        case "maxptime": return decimal(trimmed(value), as: Int.self).map { .maxptime($0) }
        case "rid": return .rid(String(value))
        case "simulcast": return .simulcast(String(value))
        case "crypto": return .crypto(Redacted(String(value)))
        default: return nil
        }
    }

    private static func flag(named name: String) -> SDPAttribute? {
        switch name {
        case "bundle-only": .bundleOnly
        case "ice-lite": .iceLite
        case "end-of-candidates": .endOfCandidates
        case "rtcp-mux": .rtcpMux
        case "rtcp-mux-only": .rtcpMuxOnly
        case "rtcp-rsize": .rtcpRsize
        case "extmap-allow-mixed": .extmapAllowMixed
        default: MediaDirection(rawValue: name).map { .direction($0) }
        }
    }

    private static func formatParameters(_ value: Substring) -> SDPAttribute? {
        let (format, parameters) = halves(value, at: " ")
        guard !format.isEmpty, let parameters else { return nil }
        return .fmtp(format: String(format), FormatParameters(rawValue: String(parameters)))
    }

    private static func trimmed(_ value: Substring) -> Substring { single(value).map { $0[...] } ?? "" }

    private static func single(_ value: Substring) -> String? {
        let fields = tokens(value)
        return fields.count == 1 ? String(fields[0]) : nil
    }

    /// The attribute's name in SDP.
    public var name: String {
        switch self {
        case .group: "group"
        case .mid: "mid"
        case .bundleOnly: "bundle-only"
        case .iceUfrag: "ice-ufrag"
        case .icePwd: "ice-pwd"
        case .iceOptions: "ice-options"
        case .iceLite: "ice-lite"
        case .candidate: "candidate"
        case .endOfCandidates: "end-of-candidates"
        case .remoteCandidates: "remote-candidates"
        case .fingerprint: "fingerprint"
        case .setup: "setup"
        case .tlsID: "tls-id"
        case .rtcp: "rtcp"
        case .rtcpMux: "rtcp-mux"
        case .rtcpMuxOnly: "rtcp-mux-only"
        case .rtcpRsize: "rtcp-rsize"
        case .direction(let direction): direction.rawValue
        case .rtpmap: "rtpmap"
        case .fmtp: "fmtp"
        case .rtcpFeedback: "rtcp-fb"
        case .extmap: "extmap"
        case .extmapAllowMixed: "extmap-allow-mixed"
        case .ssrc: "ssrc"
        case .ssrcGroup: "ssrc-group"
        case .msid: "msid"
        case .ptime: "ptime"
        case .maxptime: "maxptime"
        case .rid: "rid"
        case .simulcast: "simulcast"
        case .crypto: "crypto"
        case .other(let name, _): name
        }
    }

    /// The text after the colon, or `nil` for an attribute without one; secrets stand in it.
    public var value: String? {
        switch self {
        case .bundleOnly, .iceLite, .endOfCandidates, .rtcpMux, .rtcpMuxOnly, .rtcpRsize, .direction,
            .extmapAllowMixed:
            nil
        case .group(let group): ([group.semantics.token] + group.mids.map(\.rawValue)).joined(separator: " ")
        case .mid(let mid): mid.rawValue
        case .iceUfrag(let text), .tlsID(let text), .rid(let text), .simulcast(let text): text
        case .icePwd(let secret), .crypto(let secret): secret.exposed
        case .iceOptions(let options): options.joined(separator: " ")
        case .candidate(let candidate): candidate.text
        case .remoteCandidates(let candidates): candidates.map(\.text).joined(separator: " ")
        case .fingerprint(let fingerprint): fingerprint.text
        case .setup(let role): role.rawValue
        case .rtcp(let address): address.text
        case .rtpmap(let map): map.text
        case .fmtp(let format, let parameters): "\(format) \(parameters.rawValue)"
        case .rtcpFeedback(let feedback): feedback.text
        case .extmap(let mapping): mapping.text
        case .ssrc(let source): source.text
        case .ssrcGroup(let group): group.text
        case .msid(let id): id.text
        case .ptime(let milliseconds), .maxptime(let milliseconds): String(milliseconds)
        case .other(_, let value): value
        }
    }
}

extension MediaGroup {
    init?(parsing value: Substring) {
        let fields = tokens(value).map(String.init)
        guard let semantics = fields.first else { return nil }
        self.init(semantics: Semantics(semantics), mids: fields.dropFirst().map { MediaID($0) })
    }
}
