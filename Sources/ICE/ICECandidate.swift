package import SansIO

/// How an agent came by a candidate (RFC 8445 §4).
package enum ICECandidateType: Sendable, CaseIterable {
    case host, serverReflexive, peerReflexive, relayed

    /// The values RFC 8445 §5.1.2.2 recommends.
    var preference: UInt32 {
        switch self {
        case .host: 126
        case .peerReflexive: 110
        case .serverReflexive: 100
        case .relayed: 0
        }
    }
}

/// A transport address at which an agent may be reached, over UDP.
package struct ICECandidate: Hashable, Sendable {
    /// Equal for candidates of like type, base and server, that will likely fare alike (RFC 8445 §5.1.1.3).
    package var foundation: String
    /// 1 for RTP, and for RTCP multiplexed with it.
    package var component: Int
    package var priority: UInt32
    package var address: SocketAddress
    package var type: ICECandidateType
    /// What the agent sends from; for remote candidates the address itself.
    package var base: SocketAddress

    package init(
        foundation: String,
        component: Int = 1,
        priority: UInt32,
        address: SocketAddress,
        type: ICECandidateType,
        base: SocketAddress? = nil
    ) {
        self.foundation = foundation
        self.component = component
        // "A positive integer between 1 and 2**31 - 1" (RFC 8445 §5.1.2); pair priorities overflow beyond.
        self.priority = min(priority, UInt32(Int32.max))
        self.address = address
        self.type = type
        self.base = base ?? address
    }

    /// The related address of the candidate attribute: base of a reflexive candidate (RFC 8839 §5.1).
    package var relatedAddress: SocketAddress? { type == .host ? nil : base }

    /// The formula of RFC 8445 §5.1.2.1.
    static func priority(type: ICECandidateType, localPreference: UInt16, component: Int = 1) -> UInt32 {
        type.preference << 24 | UInt32(localPreference) << 8 | UInt32(256 - component)
    }

    /// What a peer-reflexive candidate found by a check from this one would have (RFC 8445 §7.1.1).
    var peerReflexivePriority: UInt32 {
        ICECandidateType.peerReflexive.preference << 24 | priority & 0x00FF_FFFF
    }
}

/// A candidate as a session description gives it, before anybody knows whether it can be used.
package struct ICECandidateDescription: Sendable, Equatable {
    package var foundation: String
    package var component: Int
    /// `UDP`, in any case; all else is ignored.
    package var transport: String
    package var priority: UInt32
    /// A literal address; names, those of mDNS above all, are ignored.
    package var address: String
    package var port: UInt16
    /// `host`, `srflx`, `prflx` or `relay`.
    package var type: String

    package init(
        foundation: String,
        component: Int,
        transport: String,
        priority: UInt32,
        address: String,
        port: UInt16,
        type: String
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.port = port
        self.type = type
    }
}

extension ICECandidateType {
    /// The type by the token of RFC 8839 §5.1.
    package init?(token: String) {
        guard let type = Self.allCases.first(where: { $0.token == token }) else { return nil }
        self = type
    }

    /// The token of RFC 8839 §5.1.
    package var token: String {
        switch self {
        case .host: "host"
        case .serverReflexive: "srflx"
        case .peerReflexive: "prflx"
        case .relayed: "relay"
        }
    }
}

extension SocketAddress {
    /// The address as the wire has it: without the interface of a link-local address.
    var unscoped: SocketAddress {
        guard case .v6(let high, let low, _) = ip else { return self }
        return SocketAddress(ip: .v6(high, low, scope: 0), port: port)
    }

    /// A link-local address on the link of `base`.
    func scoped(like base: SocketAddress) -> SocketAddress {
        guard ip.isLinkLocal, case .v6(let high, let low, 0) = ip, case .v6(_, _, let scope) = base.ip else {
            return self
        }
        return SocketAddress(ip: .v6(high, low, scope: scope), port: port)
    }

    /// Whether a datagram may be sent there at all: no unspecified, multicast, broadcast or port-less address.
    var isUnicast: Bool {
        guard port != 0, !ip.isUnspecified else { return false }
        return switch ip {
        case .v4(let bits): bits >> 28 < 0xE
        case .v6(let high, _, _): high >> 56 != 0xFF
        }
    }
}
