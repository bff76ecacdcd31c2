/// The timers and limits of an ``ICEAgent``.
package struct ICEConfiguration: Sendable {
    /// Ta: between two new transactions; not below 5 ms (RFC 8445 §14.2).
    package var pacing = Duration.milliseconds(50)
    /// Least wait before the first retransmission of a check (RFC 8445 §14.3).
    package var minimumRTO = Duration.milliseconds(500)
    /// How long STUN servers may take; the answer to a call waits no longer than this.
    package var gatheringTimeout = Duration.milliseconds(500)
    /// How long a better pair may keep the controlling agent from nominating the best valid one.
    ///
    /// Covers one round trip of a slow path, and one dead interface does not hold up the call.
    package var nominationPatience = Duration.milliseconds(200)
    /// How long peer-reflexive candidates are waited for (RFC 8863 §4).
    package var failureTimeout = Duration.milliseconds(39_500)
    /// Without any authentic message for this long the path counts as disconnected: two consent requests of ours and
    /// two of the peer's are then lost.
    package var disconnectTimeout = Duration.seconds(15)
    /// A nominated pair not heard from for this long gives way to one nominated later.
    package var staleSelection = Duration.seconds(5)
    package var remoteCandidateLimit = 100
    package var peerReflexiveLimit = 20
    /// RFC 8445 §6.1.2.5.
    package var pairLimit = 100
    /// Checks kept until the remote credentials are known.
    package var earlyCheckLimit = 16
    package var learntPathLimit = 64

    package init() {}
}

/// Which agent nominates (RFC 8445 §6.1.1).
package enum ICERole: Sendable, CaseIterable {
    case controlling, controlled

    var opposite: ICERole { self == .controlling ? .controlled : .controlling }
}
