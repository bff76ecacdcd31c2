package import SIPMessages
package import SansIO

/// A consequence of the transaction layer's inputs.
package enum TransactionOutput: Equatable {
    /// Put the message on the wire.
    case transmit(SIPMessage)
    /// A new request; answer it with `respond`. An ACK to a 2xx comes here too, and is not answered.
    case request(TransactionKey, SIPRequest)
    /// A response to a request of ours. `nil` for one that belongs to no transaction: a late 2xx, or another fork's.
    case response(TransactionKey?, SIPResponse)
    /// A request of ours got no final response in time.
    case timedOut(TransactionKey)
    /// A request of ours could not be sent.
    case transportFailed(TransactionKey)
    /// The ACK to a failure response never came.
    case notAcknowledged(TransactionKey)
}

/// The tables of client and server transactions of one user agent or proxy (RFC 3261 §17, §18).
///
/// Engine: hand in one input, drain ``pollOutput()``, sleep until ``nextTimeout``.
package struct TransactionLayer {
    private var clients: [TransactionKey: ClientTransaction] = [:]
    private var servers: [TransactionKey: ServerTransaction] = [:]
    private var outputs = OutputQueue<TransactionOutput>()
    private let isReliable: Bool

    package init(isReliable: Bool) { self.isReliable = isReliable }

    package mutating func pollOutput() -> TransactionOutput? { outputs.popFirst() }

    package var nextTimeout: MonotonicTime? {
        let deadlines = clients.values.compactMap(\.nextTimeout) + servers.values.compactMap(\.nextTimeout)
        return deadlines.min()
    }

    /// Transactions alive, for leak tests and statistics.
    package var count: Int { clients.count + servers.count }

    // MARK: - Sending

    /// Sends a request in a transaction of its own; its topmost Via must carry a branch not used before.
    @discardableResult
    package mutating func send(_ request: SIPRequest, at now: MonotonicTime) -> TransactionKey {
        let branch = request.headers.topVia?.branch
        precondition(branch != nil, "a request of ours has a branch")
        let key = TransactionKey(clientBranch: branch ?? "", method: request.method)
        var transaction = ClientTransaction(request: request, isReliable: isReliable)
        let actions = transaction.start(at: now)
        clients[key] = transaction
        perform(actions, key)
        return key
    }

    /// Sends what belongs to no transaction: the ACK to a 2xx (§13.2.2.4).
    package mutating func sendStateless(_ message: SIPMessage) { outputs.append(.transmit(message)) }

    /// Answers a request; false when its transaction is gone, in which case only a 2xx still goes out.
    @discardableResult
    package mutating func respond(_ key: TransactionKey, _ response: SIPResponse, at now: MonotonicTime) -> Bool {
        guard let actions = servers[key]?.respond(response, at: now) else { return false }
        perform(actions, key)
        return true
    }

    /// The request that began a server transaction still alive.
    package func serverRequest(_ key: TransactionKey) -> SIPRequest? { servers[key]?.request }

    /// Whether a request of ours still waits, or lingers for what may follow.
    package func isAlive(_ key: TransactionKey) -> Bool { clients[key] != nil }

    /// A request of ours that still waits, or lingers.
    package func clientRequest(_ key: TransactionKey) -> SIPRequest? { clients[key]?.request }

    /// Whether another transaction began with the same From tag, Call-ID and CSeq (§8.2.2.2).
    package func hasOther(than key: TransactionKey, like request: SIPRequest) -> Bool {
        let identity = { (request: SIPRequest) in
            [request.headers.from?.tag, request.headers.callID, request.headers["CSeq"]]
        }
        return servers.contains { $0.key != key && identity($0.value.request) == identity(request) }
    }

    /// Whether a provisional response to a request of ours has come and no final one (§9.1).
    package func mayCancel(_ key: TransactionKey) -> Bool { clients[key]?.hasProvisionalResponse ?? false }

    /// Whether a final response to the request was sent.
    package func isAnswered(_ key: TransactionKey) -> Bool { servers[key]?.isAnswered ?? true }

    // MARK: - Receiving

    package mutating func handle(_ message: SIPMessage, at now: MonotonicTime) {
        switch message {
        case .response(let response): handle(response, at: now)
        case .request(let request): handle(request, at: now)
        }
    }

    private mutating func handle(_ response: SIPResponse, at now: MonotonicTime) {
        guard let key = TransactionKey(response: response), let actions = clients[key]?.handle(response, at: now) else {
            outputs.append(.response(nil, response))
            return
        }
        perform(actions, key)
    }

    private mutating func handle(_ request: SIPRequest, at now: MonotonicTime) {
        let key = TransactionKey(request: request)
        if let actions = servers[key]?.handle(request, at: now) {
            perform(actions, key)
            return
        }
        if request.method != .ack { servers[key] = ServerTransaction(request: request, isReliable: isReliable) }
        outputs.append(.request(key, request))
    }

    /// The transport is gone: what waits for a response will not get it.
    ///
    /// Server transactions end in silence.
    package mutating func handleTransportFailure() {
        let waiting = clients.filter { !$0.value.isTerminated }.keys.sorted { $0.branch < $1.branch }
        clients = [:]
        servers = [:]
        for key in waiting { outputs.append(.transportFailed(key)) }
    }

    package mutating func handleTimeout(at now: MonotonicTime) {
        for key in clients.filter({ $0.value.nextTimeout.map { $0 <= now } ?? false }).keys {
            if let actions = clients[key]?.handleTimeout(at: now) { perform(actions, key) }
        }
        for key in servers.filter({ $0.value.nextTimeout.map { $0 <= now } ?? false }).keys {
            if let actions = servers[key]?.handleTimeout(at: now) { perform(actions, key) }
        }
    }

    // MARK: - Actions

    private mutating func perform(_ actions: [ClientTransactionAction], _ key: TransactionKey) {
        for action in actions {
            switch action {
            case .send(let request): outputs.append(.transmit(.request(request)))
            case .deliver(let response): outputs.append(.response(key, response))
            case .timedOut: outputs.append(.timedOut(key))
            case .terminated: clients[key] = nil
            }
        }
    }

    private mutating func perform(_ actions: [ServerTransactionAction], _ key: TransactionKey) {
        for action in actions {
            switch action {
            case .send(let response): outputs.append(.transmit(.response(response)))
            case .acknowledged: break
            case .notAcknowledged: outputs.append(.notAcknowledged(key))
            case .terminated: servers[key] = nil
            }
        }
    }
}
