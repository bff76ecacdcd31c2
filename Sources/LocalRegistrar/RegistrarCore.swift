internal import SIPMessages
internal import SIPStack
package import SansIO

/// What a ``RegistrarCore`` is told at birth.
package struct RegistrarConfiguration: Sendable {
    /// The domain it is responsible for; also the realm of its challenges.
    package var domain: String
    /// `host[:port]` of the Record-Route it adds.
    package var host: String
    /// The users and their passwords.
    package var users: [String: Redacted<String>]

    package init(domain: String, host: String, users: [String: Redacted<String>]) {
        self.domain = domain.lowercased()
        self.host = host
        self.users = users
    }
}

/// A consequence of a ``RegistrarCore``'s inputs.
package enum RegistrarOutput: Equatable {
    /// Send one message over a connection.
    case send([UInt8], to: ConnectionID)
    case registered(user: String, contact: String)
    case unregistered(user: String)
}

/// A small registrar and stateful proxy for SIP over WebSocket (RFC 3261 §10.3 and §16, RFC 7118): the default of demos,
/// tests and development, not a server for the world.
///
/// Engine: one input, ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. A client that has registered over a
/// connection is not challenged again on it for requests from the same user; a closed connection takes its bindings
/// with it.
package struct RegistrarCore {
    /// A request on its way to one or more contacts.
    struct Forward {
        var request: SIPRequest
        /// Client transactions, and the final response of each that has one.
        var branches: [TransactionKey: SIPResponse?] = [:]
        /// The caller gave up before a provisional response allowed a CANCEL.
        var isCancelled = false
    }

    let configuration: RegistrarConfiguration
    var digest: DigestServer
    var transactions = TransactionLayer(isReliable: true)
    var locations = LocationService()
    var random: RandomSource
    /// Users that have proved themselves on a connection.
    var authenticated: [ConnectionID: Set<String>] = [:]
    /// Where the responses of a server transaction go, by the Via that its request came with.
    var upstream: [TransactionKey: ConnectionID] = [:]
    /// Where the requests of a client transaction go, by our branch.
    var downstream: [String: ConnectionID] = [:]
    var forwards: [TransactionKey: Forward] = [:]
    var serverKeys: [TransactionKey: TransactionKey] = [:]
    /// Timer C for each INVITE branch (§16.6 step 11).
    var timers = TimerTable<TransactionKey>()
    var outputs = OutputQueue<RegistrarOutput>()

    package init(configuration: RegistrarConfiguration, random: RandomSource) {
        var random = random
        self.configuration = configuration
        digest = DigestServer(realm: configuration.domain, random: random.fork())
        self.random = random
    }

    package mutating func pollOutput() -> RegistrarOutput? { outputs.popFirst() }

    package var nextTimeout: MonotonicTime? {
        [transactions.nextTimeout, timers.nextDeadline].compactMap(\.self).min()
    }

    /// Transactions and forwards alive, for leak tests.
    package var liveObjects: Int { transactions.count + forwards.count + serverKeys.count + downstream.count }

    /// Requests under way at once; beyond it 503.
    static let forwardLimit = 4096

    // MARK: - Inputs

    package mutating func handleConnected(_ connection: ConnectionID) { authenticated[connection] = [] }

    package mutating func handleDisconnected(_ connection: ConnectionID, at now: MonotonicTime) {
        authenticated[connection] = nil
        for user in locations.remove(connection) { outputs.append(.unregistered(user: user)) }
        // What was on its way there will not be answered.
        for branch in downstream.filter({ $0.value == connection }).keys {
            for (key, serverKey) in serverKeys where key.branch == branch {
                finishBranch(key, of: serverKey, with: nil, statusCode: 480, at: now)
            }
        }
        drain(at: now)
    }

    package mutating func handleMessage(_ bytes: [UInt8], from connection: ConnectionID, at now: MonotonicTime) {
        switch SIPMessageParser.parse(bytes) {
        case .message(let message):
            if case .request(let request) = message, request.method != .ack {
                upstream[TransactionKey(request: request)] = connection
            }
            locations.note(message.headers.contact, connection: connection)
            transactions.handle(message, at: now)
            drain(at: now, from: connection)
        case .rejected(let response, _): outputs.append(.send(response.serialised(), to: connection))
        case .keepAlive(isPing: true): outputs.append(.send([0x0D, 0x0A], to: connection))
        case .keepAlive(isPing: false), .discarded: break
        }
        tidy()
    }

    package mutating func handleTimeout(at now: MonotonicTime) {
        transactions.handleTimeout(at: now)
        while let key = timers.popExpired(at: now) {
            guard let serverKey = serverKeys[key] else { continue }
            cancelBranch(key, of: serverKey, at: now)
            finishBranch(key, of: serverKey, with: nil, statusCode: 408, at: now)
        }
        drain(at: now)
        tidy()
    }

    // MARK: - Transactions

    mutating func drain(at now: MonotonicTime, from connection: ConnectionID? = nil) {
        while let output = transactions.pollOutput() {
            switch output {
            case .transmit(let message): transmit(message)
            case .request(let key, let request):
                if let connection { handle(request, key: key, from: connection, at: now) }
            case .response(let key?, let response): handleResponse(response, key: key, at: now)
            case .response(nil, let response): forwardStray(response)
            case .timedOut(let key), .transportFailed(let key):
                if let serverKey = serverKeys[key] {
                    finishBranch(key, of: serverKey, with: nil, statusCode: 408, at: now)
                }
            case .notAcknowledged: break
            }
        }
    }

    private func connection(of message: SIPMessage) -> ConnectionID? {
        switch message {
        case .request(let request): request.headers.topVia?.branch.flatMap { downstream[$0] }
        case .response(let response):
            TransactionKey(upstreamOf: response).flatMap { upstream[$0] }
        }
    }

    mutating func transmit(_ message: SIPMessage) {
        guard let connection = connection(of: message), authenticated[connection] != nil else { return }
        switch message {
        case .request(let request): outputs.append(.send(request.serialised(), to: connection))
        case .response(let response): outputs.append(.send(response.serialised(), to: connection))
        }
    }

    /// Forgets what belongs to transactions that are gone.
    private mutating func tidy() {
        let alive = transactions
        upstream = upstream.filter { alive.serverRequest($0.key) != nil }
        forwards = forwards.filter { alive.serverRequest($0.key) != nil }
        let kept = forwards
        serverKeys = serverKeys.filter { kept[$0.value] != nil && alive.isAlive($0.key) }
        let branches = Set(serverKeys.keys.map(\.branch))
        downstream = downstream.filter { branches.contains($0.key) }
        timers.cancelAll { !alive.isAlive($0) }
    }

    mutating func respond(_ key: TransactionKey, _ response: SIPResponse, at now: MonotonicTime) {
        transactions.respond(key, response, at: now)
    }

    mutating func reply(_ statusCode: Int, to request: SIPRequest, _ key: TransactionKey, at now: MonotonicTime) {
        respond(key, SIPResponse(to: request, statusCode: statusCode, toTag: makeTag()), at: now)
    }

    mutating func makeTag() -> String { random.string(count: 10, alphabet: RandomSource.base36) }
}

extension TransactionKey {
    /// The server transaction that a response of ours answers.
    init?(upstreamOf response: SIPResponse) {
        guard let method = response.headers.cSeq?.method else { return nil }
        var request = SIPRequest(method: method, uri: .other(scheme: "", text: ""))
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in response.headers.lines(name) { request.headers.append(name, value) }
        }
        self.init(request: request)
    }
}
