/// A SIP request (RFC 3261 §7.1).
public struct SIPRequest: Hashable, Sendable {
    /// The method.
    public var method: SIPMethod
    /// The Request-URI.
    public var uri: AddressURI
    /// The header fields.
    public var headers: SIPHeaders
    /// The body; its length is what Content-Length says.
    public var body: [UInt8]

    /// Creates a request.
    public init(method: SIPMethod, uri: AddressURI, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
    }

    /// The request as it goes on the wire.
    public func serialised() -> [UInt8] { wire(startLine: "\(method) \(uri) SIP/2.0", headers: headers, body: body) }
}

/// A SIP response (RFC 3261 §7.2).
public struct SIPResponse: Hashable, Sendable {
    /// The status code, from 100 to 699.
    public var statusCode: Int
    /// The reason phrase.
    public var reason: String
    /// The header fields.
    public var headers: SIPHeaders
    /// The body.
    public var body: [UInt8]

    /// Creates a response.
    public init(statusCode: Int, reason: String? = nil, headers: SIPHeaders = SIPHeaders(), body: [UInt8] = []) {
        self.statusCode = statusCode
        self.reason = reason ?? ReasonPhrase.standard(statusCode)
        self.headers = headers
        self.body = body
    }

    /// Creates the response to a request: Via, From, To, Call-ID and CSeq are copied (RFC 3261 §8.2.6.2).
    ///
    /// - Parameter toTag: Added to To when the request has none there; `nil` for a 100.
    public init(to request: SIPRequest, statusCode: Int, reason: String? = nil, toTag: String? = nil) {
        self.init(statusCode: statusCode, reason: reason)
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in request.headers.lines(name) {
                if name == "To", let toTag, var address = NameAddress(value), address.tag == nil {
                    address.tag = toTag
                    headers.appendParsed(name, address.description)
                } else {
                    headers.appendParsed(name, value)
                }
            }
        }
    }

    /// Whether it ends its transaction.
    public var isFinal: Bool { statusCode >= 200 }

    /// Whether it says yes: 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(statusCode) }

    /// The response as it goes on the wire.
    public func serialised() -> [UInt8] {
        let phrase = Grammar.isSafeHeaderText(reason) ? reason : ReasonPhrase.standard(statusCode)
        return wire(startLine: "SIP/2.0 \(statusCode) \(phrase)", headers: headers, body: body)
    }
}

/// A request or a response.
public enum SIPMessage: Hashable, Sendable {
    /// A request.
    case request(SIPRequest)
    /// A response.
    case response(SIPResponse)

    /// The header fields of either.
    public var headers: SIPHeaders {
        switch self {
        case .request(let request): request.headers
        case .response(let response): response.headers
        }
    }
}

private func wire(startLine: String, headers: SIPHeaders, body: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + body.count)
    let line = { (text: String) in
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
    line(startLine)
    for field in headers.fields where field.name.lowercased() != "content-length" {
        line("\(field.name): \(field.value)")
    }
    line("Content-Length: \(body.count)")
    line("")
    return bytes + body
}
