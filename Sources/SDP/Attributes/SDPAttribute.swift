public import MediaTypes
public import SansIO

/// One `a=` line, typed where this library understands it.
///
/// Secrets are ``Redacted``, so that printing a description does not give them away.
public enum SDPAttribute: Equatable, Sendable {
    /// `a=group` (RFC 5888).
    case group(MediaGroup)
    /// `a=mid` (RFC 5888).
    case mid(MediaID)
    /// `a=bundle-only` (RFC 9143 §6).
    case bundleOnly
    /// `a=ice-ufrag` (RFC 8839 §5.4).
    case iceUfrag(String)
    /// `a=ice-pwd` (RFC 8839 §5.4).
    case icePwd(Redacted<String>)
    /// `a=ice-options` (RFC 8839 §5.6).
    case iceOptions([String])
    /// `a=ice-lite` (RFC 8839 §5.3).
    case iceLite
    /// `a=candidate` (RFC 8839 §5.1).
    case candidate(CandidateAttribute)
    /// `a=end-of-candidates` (RFC 8840 §8.2).
    case endOfCandidates
    /// `a=remote-candidates` (RFC 8839 §5.2).
    case remoteCandidates([RemoteCandidate])
    /// `a=fingerprint` (RFC 8122 §5).
    case fingerprint(FingerprintAttribute)
    /// `a=setup` (RFC 4145 §4, RFC 8842).
    case setup(SetupRole)
    /// `a=tls-id` (RFC 8842 §4).
    case tlsID(String)
    /// `a=rtcp` (RFC 3605).
    case rtcp(RTCPAddress)
    /// `a=rtcp-mux` (RFC 5761 §5.1.1).
    case rtcpMux
    /// `a=rtcp-mux-only` (RFC 8858).
    case rtcpMuxOnly
    /// `a=rtcp-rsize` (RFC 5506 §5).
    case rtcpRsize
    /// `a=sendrecv`, `sendonly`, `recvonly` or `inactive` (RFC 8866 §6.7).
    case direction(MediaDirection)
    /// `a=rtpmap` (RFC 8866 §6.6).
    case rtpmap(RTPMap)
    /// `a=fmtp` (RFC 8866 §6.15).
    case fmtp(format: String, FormatParameters)
    /// `a=rtcp-fb` (RFC 4585 §4.2).
    case rtcpFeedback(RTCPFeedback)
    /// `a=extmap` (RFC 8285 §8).
    case extmap(ExtensionMapping)
    /// `a=extmap-allow-mixed` (RFC 8285 §6).
    case extmapAllowMixed
    /// `a=ssrc` (RFC 5576 §4.1).
    case ssrc(SourceAttribute)
    /// `a=ssrc-group` (RFC 5576 §4.2).
    case ssrcGroup(SourceGroup)
    /// `a=msid` (RFC 8830 §2).
    case msid(MediaStreamID)
    /// `a=ptime` in milliseconds (RFC 8866 §6.4).
    case ptime(Int)
    /// `a=maxptime` in milliseconds (RFC 8866 §6.5).
    case maxptime(Int)
    /// `a=rid` (RFC 8851), as written.
    case rid(String)
    /// `a=simulcast` (RFC 8853), as written.
    case simulcast(String)
    /// `a=crypto` (RFC 4568), as written: it holds a key.
    case crypto(Redacted<String>)
    /// Everything else, and what does not fit its type.
    case other(name: String, value: String?)

    /// Whether it was kept without being understood.
    public var isOther: Bool {
        if case .other = self { return true }
        return false
    }
}

/// A group of media sections (RFC 5888 §5).
public struct MediaGroup: Equatable, Sendable {
    /// What the sections share.
    public enum Semantics: Hashable, Sendable {
        /// One transport (RFC 9143).
        case bundle
        /// Lip synchronisation.
        case lipSync
        /// Anything else.
        case other(String)

        /// Reads the token.
        public init(_ token: String) {
            switch token.uppercased() {
            case "BUNDLE": self = .bundle
            case "LS": self = .lipSync
            default: self = .other(token)
            }
        }

        /// The token.
        public var token: String {
            switch self {
            case .bundle: "BUNDLE"
            case .lipSync: "LS"
            case .other(let token): token
            }
        }
    }

    /// What the group means.
    public var semantics: Semantics
    /// The sections in it, in order.
    public var mids: [MediaID]

    /// Creates a group.
    public init(semantics: Semantics, mids: [MediaID]) {
        self.semantics = semantics
        self.mids = mids
    }
}

/// Which way media flows, seen from the side that wrote the description.
public enum MediaDirection: String, Hashable, Sendable, CaseIterable {
    /// Both ways.
    case sendrecv
    /// To the other side.
    case sendonly
    /// From the other side.
    case recvonly
    /// Neither way.
    case inactive

    /// The direction that sends and receives as told.
    public init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    /// Whether the writer sends.
    public var sends: Bool { self == .sendrecv || self == .sendonly }
    /// Whether the writer receives.
    public var receives: Bool { self == .sendrecv || self == .recvonly }
    /// The same flow, seen from the other side.
    public var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }
    /// What both directions allow.
    public func intersection(_ other: MediaDirection) -> MediaDirection {
        MediaDirection(sends: sends && other.sends, receives: receives && other.receives)
    }
}

/// Who opens the DTLS association (RFC 4145 §4, RFC 8842 §5).
public enum SetupRole: String, Hashable, Sendable, CaseIterable {
    /// The client: sends the ClientHello.
    case active
    /// The server.
    case passive
    /// Either; what an offer says.
    case actpass
    /// Nothing is set up for now.
    case holdconn
}
