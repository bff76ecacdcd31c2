internal import SansIO

/// The local candidates, and what is still to be asked of STUN servers (RFC 8445 §5.1.1).
struct CandidateGatherer {
    struct Request {
        let base: SocketAddress
        let server: SocketAddress
    }

    private enum State {
        case new
        case gathering(deadline: MonotonicTime)
        case complete
    }

    /// All local candidates, in the order they were found; peer-reflexive ones are not signalled.
    private(set) var candidates: [ICECandidate] = []
    private var servers: [SocketAddress] = []
    private var requests: [Request] = []
    private var foundations: [FoundationKey] = []
    private var state = State.new

    var hosts: [ICECandidate] { candidates.filter { $0.type == .host } }

    var gatheringState: ICEGatheringState {
        switch state {
        case .new: .new
        case .gathering: .gathering
        case .complete: .complete
        }
    }

    var deadline: MonotonicTime? {
        guard case .gathering(let deadline) = state else { return nil }
        return deadline
    }

    var hasRequests: Bool { !requests.isEmpty }

    func host(at base: SocketAddress) -> ICECandidate? { candidates.first { $0.type == .host && $0.address == base } }

    /// Adds a host candidate; `nil` when there is one already, or the address is none.
    mutating func addHost(_ base: SocketAddress) -> ICECandidate? {
        guard base.isUnicast, host(at: base) == nil else { return nil }
        // Earlier addresses are preferred; RFC 8421 leaves the order to who lists them.
        let preference = UInt16.max &- UInt16(clamping: hosts.count)
        let candidate = ICECandidate(
            foundation: foundation(.host, base, server: nil),
            priority: ICECandidate.priority(type: .host, localPreference: preference),
            address: base,
            type: .host
        )
        candidates.append(candidate)
        if case .gathering = state { requests += serverRequests(from: base) }
        return candidate
    }

    mutating func addServer(_ server: SocketAddress) {
        guard server.isUnicast, !servers.contains(server) else { return }
        servers.append(server)
    }

    /// Starts; false when it has been started before.
    mutating func start(deadline: MonotonicTime) -> Bool {
        guard case .new = state else { return false }
        state = .gathering(deadline: deadline)
        requests = hosts.flatMap { serverRequests(from: $0.address) }
        return true
    }

    /// Ends; false when it is not under way.
    mutating func finish() -> Bool {
        guard case .gathering = state else { return false }
        state = .complete
        requests = []
        return true
    }

    mutating func popRequest() -> Request? { requests.isEmpty ? nil : requests.removeFirst() }

    /// Adds what a STUN server (or, without one, a peer) sees of a base; `nil` when it is redundant (§5.1.3).
    mutating func addReflexive(
        _ type: ICECandidateType,
        address: SocketAddress,
        base: SocketAddress,
        server: SocketAddress?
    ) -> ICECandidate? {
        guard let host = host(at: base), address.isUnicast,
            !candidates.contains(where: { $0.address.unscoped == address.unscoped && $0.base == base }),
            candidates.count < Self.limit
        else { return nil }
        let candidate = ICECandidate(
            foundation: foundation(type, base, server: server),
            priority: type.preference << 24 | host.priority & 0x00FF_FFFF,
            address: address,
            type: type,
            base: base
        )
        candidates.append(candidate)
        return candidate
    }

    /// Forgets all but hosts and servers.
    mutating func restart() {
        candidates.removeAll { $0.type != .host }
        requests = []
        state = .new
    }

    private func serverRequests(from base: SocketAddress) -> [Request] {
        guard !base.ip.isLoopback, !base.ip.isLinkLocal else { return [] }
        return servers.filter { $0.ip.isIPv6 == base.ip.isIPv6 }.map { Request(base: base, server: $0) }
    }

    /// RFC 8445 §5.1.1.3: same type, same base address (its port apart), same server address.
    private mutating func foundation(
        _ type: ICECandidateType,
        _ base: SocketAddress,
        server: SocketAddress?
    ) -> String {
        let key = FoundationKey(type: type, base: base.ip, server: server?.ip)
        if let index = foundations.firstIndex(of: key) { return String(index + 1) }
        foundations.append(key)
        return String(foundations.count)
    }

    private struct FoundationKey: Equatable {
        let type: ICECandidateType
        let base: IPAddress
        let server: IPAddress?
    }

    /// Local candidates at most: a peer that invents mapped addresses fills no memory.
    private static let limit = 100
}
