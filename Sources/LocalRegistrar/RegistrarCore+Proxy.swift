internal import SIPMessages
internal import SIPStack
internal import SansIO

extension RegistrarCore {
    mutating func handle(
        _ request: SIPRequest,
        key: TransactionKey,
        from connection: ConnectionID,
        at now: MonotonicTime
    ) {
        let isOurs = request.uri.sipURI?.host == configuration.domain
        switch request.method {
        case .ack: return forwardACK(request)
        case .cancel: return cancel(request, key: key, at: now)
        case .register where isOurs: return register(request, key: key, from: connection, at: now)
        case .options where isOurs && request.uri.sipURI?.escapedUser == nil:
            return reply(200, to: request, key, at: now)
        default: break
        }
        guard request.headers.maxForwards != 0 else { return reply(483, to: request, key, at: now) }
        guard let uri = request.uri.sipURI else { return reply(416, to: request, key, at: now) }
        if request.headers.to?.tag == nil, !admits(request, key: key, from: connection, at: now) { return }
        guard forwards.count < Self.forwardLimit else { return reply(503, to: request, key, at: now) }
        let targets = targets(of: uri, at: now)
        guard !targets.isEmpty else {
            let isKnown = isOurs && configuration.users[uri.user ?? ""] != nil
            let statusCode = request.headers.to?.tag != nil ? 481 : isKnown ? 480 : 404
            return reply(statusCode, to: request, key, at: now)
        }
        if request.method == .invite { respond(key, SIPResponse(to: request, statusCode: 100), at: now) }
        forward(request, key: key, to: targets, at: now)
    }

    /// Whether the sender is who its From says; challenges it otherwise (§22.3).
    private mutating func admits(
        _ request: SIPRequest,
        key: TransactionKey,
        from connection: ConnectionID,
        at now: MonotonicTime
    ) -> Bool {
        let user = request.headers.from?.uri.sipURI?.user ?? ""
        if authenticated[connection]?.contains(user) == true { return true }
        switch verify(request, as: .proxy, at: now) {
        case .accepted(let name) where name == user:
            authenticated[connection, default: []].insert(user)
            return true
        case .accepted, .rejected: reply(403, to: request, key, at: now)
        case .missing: challenge(request, key, statusCode: 407, stale: false, at: now)
        case .stale: challenge(request, key, statusCode: 407, stale: true, at: now)
        }
        return false
    }

    private func targets(of uri: SIPURI, at now: MonotonicTime) -> [(uri: AddressURI, connection: ConnectionID)] {
        if uri.host == configuration.domain, let user = uri.user {
            return locations.bindings(of: user, at: now).map { ($0.contact.uri, $0.connection) }
        }
        return locations.connection(of: uri).map { [(.sip(uri), $0)] } ?? []
    }

    // MARK: - Downstream

    /// A copy for the next hop: our Via on top, one hop fewer, our Route removed (§16.6).
    private mutating func copy(_ request: SIPRequest, to uri: AddressURI, branch: String) -> SIPRequest {
        var copy = request
        copy.uri = uri
        let via = Via(transport: "WS", host: "registrar.invalid", parameters: ["branch": branch])
        copy.headers.prepend("Via", via.description)
        copy.headers.set("Max-Forwards", to: String((request.headers.maxForwards ?? 70) - 1))
        copy.headers.remove("Proxy-Authorization")
        let routes = request.headers.routes.filter { route in
            guard let uri = route.uri.sipURI else { return true }
            return "\(uri.host)\(uri.port.map { ":\($0)" } ?? "")" != configuration.host
        }
        copy.headers.remove("Route")
        for route in routes { copy.headers.append("Route", route.description) }
        if request.method == .invite {
            copy.headers.prepend("Record-Route", "<sip:\(configuration.host);transport=ws;lr>")
        }
        return copy
    }

    private mutating func makeBranch() -> String {
        Via.magicCookie + random.string(count: 25, alphabet: RandomSource.base36)
    }

    private mutating func forward(
        _ request: SIPRequest,
        key: TransactionKey,
        to targets: [(uri: AddressURI, connection: ConnectionID)],
        at now: MonotonicTime
    ) {
        forwards[key] = Forward(request: request)
        for target in targets {
            let branch = makeBranch()
            downstream[branch] = target.connection
            let copy = copy(request, to: target.uri, branch: branch)
            let clientKey = TransactionKey(clientBranch: branch, method: request.method)
            forwards[key]?.branches[clientKey] = .some(nil)
            serverKeys[clientKey] = key
            if request.method == .invite { timers.set(clientKey, at: now + Self.timerC) }
            transactions.send(copy, at: now)
        }
    }

    /// Longer than three minutes (§16.6 step 11).
    private static let timerC = Duration.seconds(181)

    /// The ACK to a 2xx belongs to no transaction: it just goes on.
    private mutating func forwardACK(_ request: SIPRequest) {
        guard let uri = request.uri.sipURI, let connection = locations.connection(of: uri),
            request.headers.maxForwards != 0, authenticated[connection] != nil
        else { return }
        let ack = copy(request, to: request.uri, branch: makeBranch())
        outputs.append(.send(ack.serialised(), to: connection))
    }

    private mutating func cancel(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        let inviteKey = key.with(method: .invite)
        guard let forward = forwards[inviteKey] else { return reply(481, to: request, key, at: now) }
        reply(200, to: request, key, at: now)
        forwards[inviteKey]?.isCancelled = true
        for branch in forward.branches.keys { cancelBranch(branch, of: inviteKey, at: now) }
    }

    /// Sends a CANCEL down one branch if a provisional response allows it (§9.1).
    mutating func cancelBranch(_ key: TransactionKey, of serverKey: TransactionKey, at now: MonotonicTime) {
        guard transactions.mayCancel(key), let sent = transactions.clientRequest(key) else { return }
        var cancel = SIPRequest(method: .cancel, uri: sent.uri)
        if let via = sent.headers.list("Via").first { cancel.headers.append("Via", via) }
        cancel.headers.append("Max-Forwards", "70")
        for name in ["To", "From", "Call-ID"] { cancel.headers.append(name, sent.headers[name] ?? "") }
        cancel.headers.append("CSeq", CSeq(number: sent.headers.cSeq?.number ?? 0, method: .cancel).description)
        transactions.send(cancel, at: now)
    }

    // MARK: - Upstream

    mutating func handleResponse(_ response: SIPResponse, key: TransactionKey, at now: MonotonicTime) {
        guard let serverKey = serverKeys[key], forwards[serverKey] != nil else { return }
        if response.statusCode == 100 {
            if forwards[serverKey]?.isCancelled == true { cancelBranch(key, of: serverKey, at: now) }
            return
        }
        guard response.isFinal else {
            if forwards[serverKey]?.isCancelled == true { cancelBranch(key, of: serverKey, at: now) }
            return respond(serverKey, stripped(response), at: now)
        }
        finishBranch(key, of: serverKey, with: response, statusCode: response.statusCode, at: now)
    }

    /// A branch has its final response, of its own or of ours; sends what follows upstream (§16.7).
    mutating func finishBranch(
        _ key: TransactionKey,
        of serverKey: TransactionKey,
        with response: SIPResponse?,
        statusCode: Int,
        at now: MonotonicTime
    ) {
        guard let forward = forwards[serverKey] else { return }
        timers.cancel(key)
        if let response, response.isSuccess {
            respond(serverKey, stripped(response), at: now)
            for other in forward.branches.keys where other != key { cancelBranch(other, of: serverKey, at: now) }
            return
        }
        let final = response.map(stripped) ?? SIPResponse(to: forward.request, statusCode: statusCode, toTag: makeTag())
        forwards[serverKey]?.branches[key] = .some(final)
        let finals = forwards[serverKey]?.branches.values.map(\.self) ?? []
        guard finals.allSatisfy({ $0 != nil }), !transactions.isAnswered(serverKey) else { return }
        // A 6xx wins, else the lowest class and in it the lowest code (§16.7 step 6).
        let best = finals.compactMap(\.self).min { Self.rank($0) < Self.rank($1) }
        if let best { respond(serverKey, best, at: now) }
    }

    private static func rank(_ response: SIPResponse) -> Int {
        response.statusCode >= 600 ? 0 : response.statusCode
    }

    /// Without our Via.
    private func stripped(_ response: SIPResponse) -> SIPResponse {
        var response = response
        let vias = response.headers.list("Via").dropFirst()
        response.headers.remove("Via")
        for via in vias.reversed() { response.headers.prepend("Via", via) }
        return response
    }

    /// A 2xx that comes again after its transaction is gone, or from another fork, still goes up (§16.7 step 1).
    mutating func forwardStray(_ response: SIPResponse) {
        guard response.isSuccess, response.headers.cSeq?.method == .invite, response.headers.vias.count > 1 else {
            return
        }
        transmit(.response(stripped(response)))
    }
}
