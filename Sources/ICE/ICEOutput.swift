package import SansIO

/// Where an ``ICEAgent`` stands.
package enum ICEState: Hashable, Sendable {
    /// The remote credentials are not known yet.
    case new
    case checking
    /// Packets may be sent over the selected pair, which is not nominated yet.
    case connected
    /// The selected pair is nominated.
    case completed
    /// The selected pair has gone silent; it may come back.
    case disconnected
    /// Nothing may be sent; only a restart helps.
    case failed(ICEFailure)
}

/// Why an agent has given up.
package enum ICEFailure: Hashable, Sendable {
    /// No pair has worked (RFC 8445 §8.1.2, RFC 8863).
    case noValidPair
    /// The peer has stopped consenting to our packets (RFC 7675 §5.1).
    case consentExpired
}

/// How far the local candidates are known.
package enum ICEGatheringState: Sendable {
    case new, gathering, complete
}

/// A consequence of the inputs of an ``ICEAgent``.
package enum ICEOutput: Equatable, Sendable {
    /// Send a datagram; `from` is the base of a candidate, one day also of a relayed one.
    case transmit([UInt8], from: SocketAddress, to: SocketAddress)
    /// A local candidate to signal.
    case candidate(ICECandidate)
    case gatheringComplete
    case state(ICEState)
    /// Send over this pair from now on.
    case selectedPair(local: SocketAddress, remote: SocketAddress)
    /// STUN whose integrity verified has come this way, so other packets from there are the peer's.
    case pathLearnt(local: SocketAddress, remote: SocketAddress)
}

/// What an ``ICEAgent`` has dropped or ignored.
package struct ICECounters: Equatable, Sendable {
    package var malformed = 0
    package var badFingerprint = 0
    /// Requests without user name or integrity attribute.
    package var unauthenticated = 0
    /// Wrong password, or unknown user name fragment.
    package var badIntegrity = 0
    package var unknownAttributes = 0
    package var unknownMethod = 0
    /// Responses to nothing that was asked.
    package var unmatchedResponses = 0
    /// Responses that came from elsewhere than the request went to (RFC 8445 §7.2.5.2.1).
    package var asymmetricResponses = 0
    /// Authentic requests for another remote fragment: another fork, or an old generation.
    package var foreignFragment = 0
    package var unknownBase = 0
    package var roleConflicts = 0
    /// Remote candidates that are names, those of mDNS among them.
    package var namedCandidates = 0
    /// Remote candidates of other transports, components or types.
    package var unusableCandidates = 0
    /// Candidates, pairs, early checks and transactions beyond the limits.
    package var overLimit = 0

    package init() {}
}
