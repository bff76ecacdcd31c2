internal import SIPMessages
internal import SIPStack
internal import SansIO

extension RegistrarCore {
    /// A REGISTER for our domain (RFC 3261 §10.3).
    mutating func register(
        _ request: SIPRequest,
        key: TransactionKey,
        from connection: ConnectionID,
        at now: MonotonicTime
    ) {
        let user = request.headers.to?.uri.sipURI?.user ?? ""
        switch verify(request, as: .server, at: now) {
        case .accepted(let name):
            guard name == user else { return reply(403, to: request, key, at: now) }
        case .missing: return challenge(request, key, statusCode: 401, stale: false, at: now)
        case .stale: return challenge(request, key, statusCode: 401, stale: true, at: now)
        case .rejected: return reply(403, to: request, key, at: now)
        }
        authenticated[connection, default: []].insert(user)
        guard apply(request, user: user, key: key, connection: connection, at: now) else { return }
        var response = SIPResponse(to: request, statusCode: 200, toTag: makeTag())
        for binding in locations.bindings(of: user, at: now) {
            var contact = binding.contact
            contact.parameters.set("expires", to: String(Int((binding.expiry - now).inSeconds.rounded(.up))))
            response.headers.append("Contact", contact.description)
        }
        for path in request.headers.lines("Path") { response.headers.append("Path", path) }
        respond(key, response, at: now)
    }

    /// Changes the bindings as the request wants; false when it was answered with an error.
    private mutating func apply(
        _ request: SIPRequest,
        user: String,
        key: TransactionKey,
        connection: ConnectionID,
        at now: MonotonicTime
    ) -> Bool {
        switch request.headers.contacts {
        case nil: break  // a query
        case .all:
            guard request.headers.expires == 0 else {
                reply(400, to: request, key, at: now)
                return false
            }
            locations.unbind(nil, user: user)
            outputs.append(.unregistered(user: user))
        case .addresses(let contacts):
            for contact in contacts {
                let wanted = contact.parameters["expires"].flatMap { Int($0) } ?? request.headers.expires ?? 3600
                guard bind(contact, seconds: wanted, request, user, key, connection, at: now) else { return false }
            }
        }
        return true
    }

    private mutating func bind(
        _ contact: NameAddress,
        seconds: Int,
        _ request: SIPRequest,
        _ user: String,
        _ key: TransactionKey,
        _ connection: ConnectionID,
        at now: MonotonicTime
    ) -> Bool {
        let binding = Binding(
            contact: contact,
            connection: connection,
            expiry: now + .seconds(min(seconds, Self.maximumExpires)),
            callID: request.headers.callID ?? "",
            sequence: request.headers.cSeq?.number ?? 0
        )
        guard seconds > 0 else {
            locations.unbind(binding.identity, user: user)
            outputs.append(.unregistered(user: user))
            return true
        }
        guard seconds >= Self.minimumExpires else {
            var response = SIPResponse(to: request, statusCode: 423, toTag: makeTag())
            response.headers.append("Min-Expires", String(Self.minimumExpires))
            respond(key, response, at: now)
            return false
        }
        guard locations.bind(binding, user: user, at: now) else {
            reply(503, to: request, key, at: now)
            return false
        }
        outputs.append(.registered(user: user, contact: contact.uri.description))
        return true
    }

    /// Seconds of the shortest and the longest registration.
    private static let minimumExpires = 10
    private static let maximumExpires = 3600

    mutating func verify(
        _ request: SIPRequest,
        as challenger: DigestClient.Challenger,
        at now: MonotonicTime
    ) -> DigestServer.Verdict {
        let users = configuration.users
        return digest.verify(request, from: challenger, at: now) { users[$0] }
    }

    mutating func challenge(
        _ request: SIPRequest,
        _ key: TransactionKey,
        statusCode: Int,
        stale: Bool,
        at now: MonotonicTime
    ) {
        var response = SIPResponse(to: request, statusCode: statusCode, toTag: makeTag())
        digest.challenge(&response, stale: stale, at: now)
        respond(key, response, at: now)
    }
}
