package import SIPMessages

/// What identifies a dialog (RFC 3261 §12).
package struct DialogID: Hashable, Sendable {
    package var callID: String
    package var localTag: String
    /// Empty for a peer of RFC 2543 that sets no tag.
    package var remoteTag: String

    package init(callID: String, localTag: String, remoteTag: String) {
        self.callID = callID
        self.localTag = localTag
        self.remoteTag = remoteTag
    }

    /// The dialog that an incoming request belongs to; `nil` for one outside of any.
    package init?(request: SIPRequest) {
        guard let callID = request.headers.callID, let localTag = request.headers.to?.tag else { return nil }
        self.init(callID: callID, localTag: localTag, remoteTag: request.headers.from?.tag ?? "")
    }
}

/// One dialog: whom to address next, by which route, with which numbers (RFC 3261 §12).
package struct Dialog: Sendable {
    package let id: DialogID
    /// From of our requests.
    package let local: NameAddress
    /// To of our requests.
    package let remote: NameAddress
    /// Request-URI of our requests: the peer's Contact.
    package private(set) var remoteTarget: AddressURI
    /// Proxies that stay on the path, first hop first.
    package let routeSet: [NameAddress]
    private var localSequence: UInt32
    private var remoteSequence: UInt32?

    /// The dialog that a 101–299 response to our INVITE makes (§12.1.2); `nil` when the response has no tag.
    ///
    /// Without a Contact the Request-URI stands in, so that even a broken 2xx can be acknowledged and ended.
    package init?(response: SIPResponse, to request: SIPRequest) {
        guard let callID = request.headers.callID, let from = request.headers.from, let localTag = from.tag,
            let to = response.headers.to, let remoteTag = to.tag, let cSeq = request.headers.cSeq
        else { return nil }
        id = DialogID(callID: callID, localTag: localTag, remoteTag: remoteTag)
        (local, remote) = (from, to)
        remoteTarget = response.headers.contact?.uri ?? request.uri
        routeSet = response.headers.recordRoutes.reversed()
        localSequence = cSeq.number
    }

    /// The dialog that an incoming INVITE makes with the tag of our response (§12.1.1).
    package init?(request: SIPRequest, localTag: String, firstSequence: UInt32) {
        guard let callID = request.headers.callID, let from = request.headers.from, var to = request.headers.to,
            let cSeq = request.headers.cSeq, let contact = request.headers.contact
        else { return nil }
        to.tag = localTag
        id = DialogID(callID: callID, localTag: localTag, remoteTag: from.tag ?? "")
        (local, remote) = (to, from)
        remoteTarget = contact.uri
        routeSet = request.headers.recordRoutes
        localSequence = firstSequence
        remoteSequence = cSeq.number
    }

    /// Accepts the number of an incoming request; false when it is not above the last (§12.2.2, 500).
    package mutating func accept(_ request: SIPRequest) -> Bool {
        guard let number = request.headers.cSeq?.number else { return false }
        if let remoteSequence, number <= remoteSequence { return false }
        remoteSequence = number
        return true
    }

    /// A target refresh request, or the 2xx to one, names a new Contact (§12.2.1.2, RFC 3311 §5.1).
    package mutating func refreshTarget(_ contact: NameAddress?) {
        if let contact { remoteTarget = contact.uri }
    }

    /// The next request within the dialog (§12.2.1.1).
    package mutating func makeRequest(_ method: SIPMethod, factory: inout RequestFactory) -> SIPRequest {
        localSequence &+= 1
        return request(method, sequence: localSequence, factory: &factory)
    }

    /// The ACK to a 2xx: the INVITE's number, a branch of its own (§13.2.2.4).
    package func makeACK(sequence: UInt32, factory: inout RequestFactory) -> SIPRequest {
        request(.ack, sequence: sequence, factory: &factory)
    }

    /// A request of ours was sent again with a higher number, after a challenge say.
    package mutating func noteLocalSequence(_ number: UInt32) { localSequence = max(localSequence, number) }

    private func request(_ method: SIPMethod, sequence: UInt32, factory: inout RequestFactory) -> SIPRequest {
        var request = SIPRequest(method: method, uri: remoteTarget)
        var routes = routeSet
        // A first hop without `lr` is a strict router: it becomes the Request-URI, the target goes last (§12.2.1.1).
        if let first = routes.first, first.uri.sipURI?.parameters.contains("lr") != true {
            request.uri = first.uri
            routes.removeFirst()
            routes.append(NameAddress(uri: remoteTarget))
        }
        for route in routes { request.headers.append("Route", route.description) }
        factory.addCommon(to: &request, from: local, to: remote, callID: id.callID, sequence: sequence)
        return request
    }
}
