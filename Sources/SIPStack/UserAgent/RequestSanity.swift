package import SIPMessages

/// The checks a user agent makes before it looks at what an initial request wants (RFC 3261 §8.2).
package struct RequestSanity {
    /// Users of Request-URIs that mean us: the address of record's, our Contact's, a GRUU's.
    package var users: Set<String>

    package init(users: Set<String>) { self.users = users }

    /// Extensions that may stand in Require.
    private static let understood: Set<String> = ["ice", "replaces", "outbound", "path", "gruu"]

    /// The refusal of a request outside any dialog, or `nil` when nothing speaks against it.
    package func refusal(_ request: SIPRequest, tag: String) -> SIPResponse? {
        func response(_ statusCode: Int) -> SIPResponse {
            SIPResponse(to: request, statusCode: statusCode, toTag: tag)
        }
        guard request.uri.sipURI?.scheme == .sip, request.headers.to?.uri.sipURI?.scheme == .sip else {
            return response(416)
        }
        guard users.contains(request.uri.sipURI?.user ?? "") else { return response(404) }
        let unsupported = request.headers.require.filter { !Self.understood.contains($0.lowercased()) }
        guard unsupported.isEmpty else {
            var refusal = response(420)
            refusal.headers.append("Unsupported", unsupported.joined(separator: ", "))
            return refusal
        }
        guard RequestFactory.allowedMethods.contains(request.method), Self.outsideDialog.contains(request.method) else {
            var refusal = response(405)
            refusal.headers.append("Allow", RequestFactory.allow)
            return refusal
        }
        return request.method == .invite ? inviteRefusal(request, response) : nil
    }

    private static let outsideDialog: Set<SIPMethod> = [.invite, .message, .options]

    private func inviteRefusal(_ request: SIPRequest, _ response: (Int) -> SIPResponse) -> SIPResponse? {
        if !request.body.isEmpty {
            guard let type = request.headers.contentType, type.matches(.sdp) else {
                var refusal = response(415)
                refusal.headers.append("Accept", "application/sdp, application/dtmf-relay")
                return refusal
            }
        }
        if request.headers.contains("Accept") {
            let types = request.headers.list("Accept").compactMap(ContentType.init)
            let admitsSDP = types.contains {
                $0.matches(.sdp) || ($0.type == "application" || $0.type == "*") && $0.subtype == "*"
            }
            guard admitsSDP else { return response(406) }
        }
        return nil
    }
}
