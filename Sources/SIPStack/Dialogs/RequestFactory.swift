package import SIPMessages
package import SansIO

/// Who this user agent is on the wire: what every request of it carries.
package struct UserAgentIdentity: Sendable {
    /// The address of record.
    package var uri: SIPURI
    /// Shown to the called party.
    package var displayName: String?
    /// Where requests reach us.
    package var contact: SIPURI
    /// Transport token of our Via: `WS`, `WSS`, `UDP`, `TCP`, `TLS`.
    package var viaTransport: String
    /// sent-by of our Via.
    package var viaHost: String
    /// The User-Agent header field; `nil` for none.
    package var userAgent: String?
    /// Appended to every request and response, checked for line ends already.
    package var extraHeaders: [SIPHeaders.Field]
    /// A Route for every request outside a dialog (`use_preloaded_route`).
    package var preloadedRoute: SIPURI?

    package init(
        uri: SIPURI,
        displayName: String? = nil,
        contact: SIPURI,
        viaTransport: String,
        viaHost: String,
        userAgent: String? = nil,
        extraHeaders: [SIPHeaders.Field] = [],
        preloadedRoute: SIPURI? = nil
    ) {
        self.uri = uri
        self.displayName = displayName
        self.contact = contact
        self.viaTransport = viaTransport
        self.viaHost = viaHost
        self.userAgent = userAgent
        self.extraHeaders = extraHeaders
        self.preloadedRoute = preloadedRoute
    }
}

/// Builds requests and the identifiers in them.
package struct RequestFactory {
    package var identity: UserAgentIdentity
    private var random: RandomSource

    package init(identity: UserAgentIdentity, random: RandomSource) {
        self.identity = identity
        self.random = random
    }

    /// The methods we understand, in the order JsSIP prints them.
    package static let allowedMethods: [SIPMethod] = [
        .invite, .ack, .cancel, .bye, .update, .message, .options, .refer, .info, .notify, .subscribe,
    ]

    package static let allow = allowedMethods.map(\.rawValue).joined(separator: ",")

    /// JsSIP's Max-Forwards.
    private static let maxForwards = "69"

    /// A tag of 10 characters: more than the 32 bits of randomness that RFC 3261 §19.3 asks for.
    package mutating func makeTag() -> String { random.string(count: 10, alphabet: RandomSource.base36) }

    package mutating func makeCallID() -> String { random.string(count: 20, alphabet: RandomSource.base36) }

    /// A branch of 25 characters out of 36, 129 bits, so that millions of calls do not meet (RFC 3261 §8.1.1.7).
    package mutating func makeBranch() -> String {
        Via.magicCookie + random.string(count: 25, alphabet: RandomSource.base36)
    }

    /// A CSeq to begin with, below 10,000.
    package mutating func makeSequence() -> UInt32 { UInt32.random(in: 1..<10_000, using: &random) }

    /// A random whole number, for jitter.
    package mutating func random(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// A request outside any dialog (RFC 3261 §8.1.1).
    package mutating func makeRequest(
        _ method: SIPMethod,
        uri: AddressURI,
        from: NameAddress,
        to: NameAddress,
        callID: String,
        sequence: UInt32
    ) -> SIPRequest {
        var request = SIPRequest(method: method, uri: uri)
        if var route = identity.preloadedRoute {
            route.parameters.set("lr", to: nil)
            request.headers.append("Route", "<\(route)>")
        }
        addCommon(to: &request, from: from, to: to, callID: callID, sequence: sequence)
        return request
    }

    /// Our own From, with a tag.
    package mutating func makeFrom() -> NameAddress {
        NameAddress(displayName: identity.displayName, uri: identity.uri, parameters: ["tag": makeTag()])
    }

    /// Via, Max-Forwards, To, From, Call-ID, CSeq, in the order JsSIP prints them.
    package mutating func addCommon(
        to request: inout SIPRequest,
        from: NameAddress,
        to: NameAddress,
        callID: String,
        sequence: UInt32
    ) {
        request.headers.append("Via", makeVia().description)
        request.headers.append("Max-Forwards", Self.maxForwards)
        request.headers.append("To", to.description)
        request.headers.append("From", from.description)
        request.headers.append("Call-ID", callID)
        request.headers.append("CSeq", CSeq(number: sequence, method: request.method).description)
    }

    package mutating func makeVia() -> Via {
        Via(transport: identity.viaTransport, host: identity.viaHost, parameters: ["branch": makeBranch()])
    }

    /// What closes the header of every request: Allow, Supported, User-Agent, and the configured ones.
    package func finish(_ request: inout SIPRequest, supported: [String]) {
        request.headers.append("Allow", Self.allow)
        request.headers.append("Supported", supported.joined(separator: ","))
        if let userAgent = identity.userAgent { request.headers.append("User-Agent", userAgent) }
        for field in identity.extraHeaders { request.headers.append(field.name, field.value) }
    }

    /// The same request to be tried again: a new branch, the next CSeq, no credentials (RFC 3261 §8.1.3.5).
    package mutating func retry(_ request: SIPRequest) -> SIPRequest {
        var again = request
        var vias = again.headers.lines("Via")
        if !vias.isEmpty { vias[0] = makeVia().description }
        again.headers.remove("Via")
        for via in vias.reversed() { again.headers.prepend("Via", via) }
        if let cSeq = again.headers.cSeq {
            again.headers.set("CSeq", to: CSeq(number: cSeq.number &+ 1, method: cSeq.method).description)
        }
        return again
    }
}
