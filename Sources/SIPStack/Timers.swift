/// The timer values of RFC 3261 table 4 and what is derived from them.
package enum SIPTimers {
    /// Round-trip estimate.
    package static let t1 = Duration.milliseconds(500)
    /// Longest interval between retransmissions of non-INVITE requests and of 2xx responses.
    package static let t2 = Duration.seconds(4)
    /// How long a message may stay in the network.
    package static let t4 = Duration.seconds(5)
    /// 64·T1: timers B, F, H, L, M, and the wait for an ACK.
    package static let transactionTimeout = Duration.seconds(32)
    /// Timer D over an unreliable transport.
    package static let d = Duration.seconds(32)
    /// A provisional response is repeated each minute, lest a proxy gives up (§13.3.1.1).
    package static let provisionalRepeat = Duration.seconds(60)
}
