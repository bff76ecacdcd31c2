internal import SansIO

/// What is known of the peer in this generation.
struct RemoteParty {
    var credentials: ICECredentials?
    var isLite = false
    var hasEnded = false
    private(set) var candidates: [ICECandidate] = []
    /// Of peer-reflexive candidates, the number made so far: their foundations differ from all others (§7.3.1.3).
    private var peerReflexiveCount = 0

    func candidate(at address: SocketAddress) -> ICECandidate? {
        candidates.first { $0.address.unscoped == address.unscoped }
    }

    mutating func append(_ candidate: ICECandidate) { candidates.append(candidate) }

    mutating func replace(_ candidate: ICECandidate) {
        guard let index = candidates.firstIndex(where: { $0.address == candidate.address }) else { return }
        candidates[index] = candidate
    }

    /// A candidate learnt from a check (RFC 8445 §7.3.1.3); `nil` beyond the limit.
    mutating func addPeerReflexive(at address: SocketAddress, priority: UInt32?, limit: Int) -> ICECandidate? {
        guard peerReflexiveCount < limit else { return nil }
        peerReflexiveCount += 1
        let candidate = ICECandidate(
            foundation: "prflx\(peerReflexiveCount)",
            priority: priority ?? ICECandidate.priority(type: .peerReflexive, localPreference: 0),
            address: address,
            type: .peerReflexive
        )
        candidates.append(candidate)
        return candidate
    }
}

/// A check of the peer's that has been answered and is to have consequences.
struct InboundCheck {
    let base: SocketAddress
    let source: SocketAddress
    let priority: UInt32?
    var useCandidate: Bool
    let remoteFragment: String
}
