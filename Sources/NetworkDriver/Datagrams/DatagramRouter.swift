internal import STUN
internal import SansIO

/// Finds the endpoint of each datagram that arrives on a shared socket.
///
/// STUN requests go by their full USERNAME, STUN responses by the transaction that an endpoint opened, everything else
/// by the 5-tuple that an endpoint has learnt from authenticated STUN.
struct DatagramRouter {
    enum Verdict: Equatable {
        case endpoint(EndpointID)
        case unknownUsername
        case unknownTransaction
        case unknownPath
    }

    private var usernames: [String: EndpointID] = [:]
    private var transactions = TransactionTable()
    /// IPv4: remote address, remote port, socket number.
    private var pathsV4: [UInt64: EndpointID] = [:]
    private var pathsV6: [PathV6: EndpointID] = [:]

    private struct PathV6: Hashable {
        let high: UInt64
        let low: UInt64
        /// Scope, remote port, socket number.
        let rest: UInt64
    }

    /// Where a datagram belongs that came from `remote` on the shared socket with that number.
    func route(_ datagram: RawSpan, from remote: SocketAddress, socket: UInt16) -> Verdict {
        if let message = STUNPeek(datagram) {
            switch message.messageClass {
            case .request:
                guard let username = message.username, let endpoint = usernames[username] else {
                    return .unknownUsername
                }
                return .endpoint(endpoint)
            case .successResponse, .errorResponse:
                guard let endpoint = transactions[message.transactionID] else { return .unknownTransaction }
                return .endpoint(endpoint)
            case .indication: break  // has neither; it keeps a path alive
            }
        }
        let endpoint =
            switch remote.ip {
            case .v4(let bits): pathsV4[Self.key(bits, remote.port, socket)]
            case .v6(let high, let low, let scope): pathsV6[Self.key(high, low, scope, remote.port, socket)]
            }
        return endpoint.map { .endpoint($0) } ?? .unknownPath
    }

    /// Remembers who sent a STUN request, so that its response finds the way back.
    mutating func noteSent(_ datagram: RawSpan, by endpoint: EndpointID, at now: MonotonicTime) {
        guard let message = STUNPeek(datagram), message.messageClass == .request else { return }
        transactions.insert(message.transactionID, endpoint: endpoint, at: now)
    }

    /// Adds a username; an endpoint that had the same loses it.
    mutating func add(username: String, endpoint: EndpointID) { usernames[username] = endpoint }

    /// Removes a username if it still is this endpoint's.
    mutating func remove(username: String, endpoint: EndpointID) {
        if usernames[username] == endpoint { usernames[username] = nil }
    }

    /// Adds a 5-tuple; the newest authenticated claim wins.
    mutating func add(path remote: SocketAddress, socket: UInt16, endpoint: EndpointID) {
        switch remote.ip {
        case .v4(let bits): pathsV4[Self.key(bits, remote.port, socket)] = endpoint
        case .v6(let high, let low, let scope):
            pathsV6[Self.key(high, low, scope, remote.port, socket)] = endpoint
        }
    }

    /// Removes a 5-tuple if it still is this endpoint's.
    mutating func remove(path remote: SocketAddress, socket: UInt16, endpoint: EndpointID) {
        switch remote.ip {
        case .v4(let bits):
            let key = Self.key(bits, remote.port, socket)
            if pathsV4[key] == endpoint { pathsV4[key] = nil }
        case .v6(let high, let low, let scope):
            let key = Self.key(high, low, scope, remote.port, socket)
            if pathsV6[key] == endpoint { pathsV6[key] = nil }
        }
    }

    var routeCount: Int { usernames.count + pathsV4.count + pathsV6.count }

    private static func key(_ bits: UInt32, _ port: UInt16, _ socket: UInt16) -> UInt64 {
        UInt64(bits) << 32 | UInt64(port) << 16 | UInt64(socket)
    }

    private static func key(
        _ high: UInt64,
        _ low: UInt64,
        _ scope: UInt32,
        _ port: UInt16,
        _ socket: UInt16
    ) -> PathV6 {
        PathV6(high: high, low: low, rest: key(scope, port, socket))
    }
}

/// The STUN requests under way on shared sockets, in two generations, of which the older is forgotten as a whole.
private struct TransactionTable {
    private var young: [STUNTransactionID: EndpointID] = [:]
    private var old: [STUNTransactionID: EndpointID] = [:]
    private var nextGeneration = MonotonicTime.zero

    subscript(id: STUNTransactionID) -> EndpointID? { young[id] ?? old[id] }

    mutating func insert(_ id: STUNTransactionID, endpoint: EndpointID, at now: MonotonicTime) {
        if now >= nextGeneration || young.count >= Self.limit {
            old = young
            young = [:]
            nextGeneration = now + Self.lifetime
        }
        young[id] = endpoint
    }

    /// At least the 39.5 s after which a request has failed (RFC 8489 §6.2.1, default RTO).
    private static let lifetime = Duration.seconds(40)
    /// Ten connectivity checks for each of 1,600 calls in the lifetime.
    private static let limit = 16_384
}
