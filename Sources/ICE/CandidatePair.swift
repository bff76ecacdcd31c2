internal import SansIO

/// A local and a remote candidate that are checked together (RFC 8445 §6.1.2).
///
/// A valid pair differs from the pair of the check list in the local candidate only (§7.2.5.3.2), and datagrams leave
/// from the base either way; so one entry, found by base and remote address, stands for both.
struct CandidatePair {
    struct Key: Hashable {
        let base: SocketAddress
        let remote: SocketAddress
    }

    /// RFC 8445 §6.1.2.6.
    enum State {
        case frozen, waiting, inProgress, succeeded, failed

        /// Whether the outcome is still open.
        var isPending: Bool {
            switch self {
            case .frozen, .waiting, .inProgress: true
            case .succeeded, .failed: false
            }
        }
    }

    enum Nomination {
        case none
        /// The controlling peer wants the pair, and it is not valid yet (RFC 8445 §7.3.1.5).
        case requested
        case done
    }

    let key: Key
    let local: ICECandidate
    var remote: ICECandidate
    var state: State
    var nomination = Nomination.none
    private(set) var priority: UInt64
    var roundTrip: Duration?
    /// When an authentic message last came over the pair.
    var lastHeard: MonotonicTime?

    init(local: ICECandidate, remote: ICECandidate, role: ICERole, state: State = .frozen) {
        key = Key(base: local.base, remote: remote.address.scoped(like: local.base))
        self.local = local
        self.remote = remote
        self.state = state
        priority = 0
        updatePriority(role: role)
    }

    /// RFC 8445 §6.1.2.3.
    mutating func updatePriority(role: ICERole) {
        let ours = UInt64(local.priority)
        let theirs = UInt64(remote.priority)
        let (controlling, controlled) = role == .controlling ? (ours, theirs) : (theirs, ours)
        priority = min(ours, theirs) << 32 + 2 * max(ours, theirs) + (controlling > controlled ? 1 : 0)
    }

    func sharesFoundation(with other: CandidatePair) -> Bool {
        local.foundation == other.local.foundation && remote.foundation == other.remote.foundation
    }

    /// Whether packets can pass at all between two addresses (RFC 8445 §6.1.2.2).
    static func canForm(_ base: SocketAddress, _ remote: SocketAddress) -> Bool {
        base.ip.isIPv6 == remote.ip.isIPv6 && (!base.ip.isIPv6 || base.ip.isLinkLocal == remote.ip.isLinkLocal)
            && base.ip.isLoopback == remote.ip.isLoopback
    }
}
