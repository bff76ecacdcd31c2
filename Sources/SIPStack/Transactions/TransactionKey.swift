package import SIPMessages

/// What matches a message to its transaction (RFC 3261 §17.1.3, §17.2.3).
package struct TransactionKey: Hashable, Sendable {
    /// Branch of the topmost Via, or for a peer of RFC 2543 a text made of what identified its requests.
    package var branch: String
    /// The sent-by of the topmost Via; empty for client transactions, whose branches are our own.
    package var sentBy: String
    /// The method, with ACK standing as INVITE.
    package var method: SIPMethod

    /// The client transaction that a response belongs to; `nil` for a response without our branch.
    package init?(response: SIPResponse) {
        guard let branch = response.headers.topVia?.branch, let method = response.headers.cSeq?.method else {
            return nil
        }
        self.init(clientBranch: branch, method: method)
    }

    package init(clientBranch: String, method: SIPMethod) {
        branch = clientBranch
        sentBy = ""
        self.method = method
    }

    /// The server transaction that a request belongs to.
    package init(request: SIPRequest) {
        let via = request.headers.topVia
        method = request.method == .ack ? .invite : request.method
        sentBy = via.map { "\($0.host):\($0.port.map(String.init) ?? "")" } ?? ""
        if let branch = via?.branch, branch.hasPrefix(Via.magicCookie) {
            self.branch = branch
        } else {
            // RFC 2543 peers: Request-URI, Call-ID, From tag and CSeq number take the branch's place (§17.2.3).
            let headers = request.headers
            branch = [
                request.uri.description, headers.callID ?? "", headers.from?.tag ?? "",
                headers.cSeq.map { String($0.number) } ?? "", via?.description ?? "",
            ].joined(separator: "\u{1}")
        }
    }

    /// The same transaction with another method: the INVITE that a CANCEL means.
    package func with(method: SIPMethod) -> TransactionKey {
        var key = self
        key.method = method
        return key
    }
}
