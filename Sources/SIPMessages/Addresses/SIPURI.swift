internal import SansIO

/// A `sip` or `sips` URI (RFC 3261 §19.1).
public struct SIPURI: Hashable, Sendable {
    /// The scheme.
    public enum Scheme: String, Hashable, Sendable {
        /// Any transport.
        case sip
        /// TLS on every hop.
        case sips
    }

    /// The scheme.
    public var scheme: Scheme
    /// User part as it stands on the wire, escaped, a password (`user:password`) included; `nil` without one.
    public var escapedUser: String?
    /// Host in lower case: a name, an IPv4 address, or an IPv6 address in brackets.
    public var host: String
    /// Port, or `nil` for the transport's default.
    public var port: UInt16?
    /// URI parameters.
    public var parameters: SIPParameters
    /// URI headers (`?name=value&…`) in order, escaped as they stand.
    public var headers: [Header]

    /// One URI header.
    public struct Header: Hashable, Sendable {
        /// The name, escaped.
        public var name: String
        /// The value, escaped.
        public var value: String
    }

    /// Creates a URI; `user` is escaped where the grammar asks for it.
    public init(
        scheme: Scheme = .sip,
        user: String? = nil,
        host: String,
        port: UInt16? = nil,
        parameters: SIPParameters = [:],
        headers: [Header] = []
    ) {
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
        self.parameters = parameters
        self.headers = headers
        self.user = user
    }

    /// The user part without escapes; octets that are no UTF-8 show as U+FFFD.
    public var user: String? {
        get { escapedUser.map { String(decoding: PercentEncoding.decode($0), as: UTF8.self) } }
        set { escapedUser = newValue.map { PercentEncoding.encode($0.utf8, isAllowed: Self.isUserOctet) } }
    }

    /// The URI without port, parameters and headers: the address of record.
    public var addressOfRecord: SIPURI {
        var uri = self
        uri.port = nil
        uri.parameters = [:]
        uri.headers = []
        return uri
    }

    /// user-unreserved and unreserved of RFC 3261 §25.1, and the colon before a password.
    private static func isUserOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "$"), UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: "?"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "~"), UInt8(ascii: "*"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        default: Grammar.isAlphanumeric(octet)
        }
    }
}

extension SIPURI: LosslessStringConvertible {
    /// Parses a `sip:` or `sips:` URI; `nil` for anything else.
    public init?(_ description: String) {
        let lower = description.prefix(5).lowercased()
        if lower.hasPrefix("sips:") {
            self.init(scheme: .sips, body: description.dropFirst(5))
        } else if lower.hasPrefix("sip:") {
            self.init(scheme: .sip, body: description.dropFirst(4))
        } else {
            return nil
        }
    }

    private init?(scheme: Scheme, body: Substring) {
        guard body.utf8.allSatisfy(Grammar.isURIOctet) else { return nil }
        self.scheme = scheme
        var rest = body
        // Unescaped, an at sign stands nowhere else, so the last one ends the user part.
        if let at = rest.lastIndex(of: "@") {
            guard at > rest.startIndex else { return nil }
            escapedUser = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let hostEnd = rest.firstIndex { $0 == ";" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.hostAndPort(rest[..<hostEnd]) else { return nil }
        (self.host, self.port) = (host, port)
        rest = rest[hostEnd...]
        let headersStart = rest.firstIndex(of: "?") ?? rest.endIndex
        var scanner = TextScanner(rest[..<headersStart])
        guard let parameters = SIPParameters(scanning: &scanner), scanner.isAtEnd else { return nil }
        self.parameters = parameters
        headers = []
        for pair in rest[headersStart...].dropFirst().split(separator: "&") {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else { return nil }
            headers.append(Header(name: String(pair[..<equals]), value: String(pair[pair.index(after: equals)...])))
        }
    }

    /// `host[:port]` of a URI or a Via; the host in lower case.
    static func hostAndPort(_ text: some StringProtocol) -> (host: String, port: UInt16?)? {
        var rest = Substring(text)
        let host: String
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            let address = rest[rest.index(after: rest.startIndex)..<close]
            guard IPAddress(String(address))?.isIPv6 == true else { return nil }
            host = rest[...close].lowercased()
            rest = rest[rest.index(after: close)...]
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = rest[..<end].lowercased()
            guard isHostName(host) else { return nil }
            rest = rest[end...]
        }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.first == ":", let port = Grammar.decimal(rest.dropFirst(), maximum: 65_535) else { return nil }
        return (host, UInt16(port))
    }

    private static func isHostName(_ text: String) -> Bool {
        var labels = text.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        guard let last = labels.last, labels.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isLabelOctet) }) else {
            return false
        }
        // A numeric last label means an IPv4 address, and then the whole must be one.
        guard last.utf8.allSatisfy(Grammar.isDigit) else { return true }
        return IPAddress(text) != nil
    }

    private static func isLabelOctet(_ octet: UInt8) -> Bool {
        Grammar.isAlphanumeric(octet) || octet == UInt8(ascii: "-") || octet == UInt8(ascii: "_")
    }

    /// The URI as it goes on the wire.
    public var description: String {
        var text = "\(scheme.rawValue):"
        if let escapedUser { text += escapedUser + "@" }
        text += host
        if let port { text += ":\(port)" }
        text += parameters.wireText
        if !headers.isEmpty { text += "?" + headers.map { "\($0.name)=\($0.value)" }.joined(separator: "&") }
        return text
    }
}

extension SIPURI {
    /// Whether two URIs name the same resource (RFC 3261 §19.1.4): user by case, host without, parameters that both
    /// carry equal, and `user`, `ttl`, `method`, `maddr` present in both or in none.
    public func isEquivalent(to other: SIPURI) -> Bool {
        guard scheme == other.scheme, host == other.host, port == other.port,
            escapedUser.map(PercentEncoding.decode) == other.escapedUser.map(PercentEncoding.decode)
        else { return false }
        for name in ["user", "ttl", "method", "maddr", "transport"]
        where parameters.contains(name) != other.parameters.contains(name) { return false }
        for parameter in parameters.all where other.parameters.contains(parameter.name) {
            guard parameter.value?.lowercased() == other.parameters[parameter.name]?.lowercased() else { return false }
        }
        let key = { (header: Header) in header.name.lowercased() + "=" + header.value }
        return headers.map(key).sorted() == other.headers.map(key).sorted()
    }
}

/// A URI where SIP allows any scheme: the Request-URI, From, To, Contact, Refer-To.
public enum AddressURI: Hashable, Sendable {
    /// `sip` or `sips`.
    case sip(SIPURI)
    /// Another scheme, such as `tel`: kept as it stands.
    case other(scheme: String, text: String)

    /// The SIP URI, if it is one.
    public var sipURI: SIPURI? {
        guard case .sip(let uri) = self else { return nil }
        return uri
    }
}

extension AddressURI: LosslessStringConvertible {
    /// Parses a URI of any scheme; `nil` when it is none.
    public init?(_ description: String) {
        guard let colon = description.firstIndex(of: ":") else { return nil }
        let scheme = description[..<colon].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first),
            scheme.utf8.allSatisfy({ Grammar.isAlphanumeric($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E })
        else { return nil }
        if scheme == "sip" || scheme == "sips" {
            guard let uri = SIPURI(description) else { return nil }
            self = .sip(uri)
        } else {
            guard description.utf8.allSatisfy(Grammar.isURIOctet) else { return nil }
            self = .other(scheme: scheme, text: description)
        }
    }

    /// The URI as it goes on the wire.
    public var description: String {
        switch self {
        case .sip(let uri): uri.description
        case .other(_, let text): text
        }
    }
}
