/// A WebSocket server of `ws_servers`.
public struct WebSocketServer: Hashable, Sendable {
    /// Whether the connection runs over TLS (`wss`).
    public var isSecure: Bool
    /// Host name or IP address, an IPv6 address without its brackets.
    public var host: String
    /// Port; 80 or 443 when the URI names none.
    public var port: Int
    /// Path and query of the HTTP request.
    public var path: String
    /// Servers of higher weight are used before those of lower weight.
    public var weight: Double

    /// Parses an absolute `ws` or `wss` URI; `nil` for anything else.
    public init?(uri: String, weight: Double = 0) {
        guard let separator = uri.firstRange(of: "://") else { return nil }
        switch uri[..<separator.lowerBound].lowercased() {
        case "ws": isSecure = false
        case "wss": isSecure = true
        default: return nil
        }
        let rest = uri[separator.upperBound...]
        let pathStart = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let authority = HostAndPort(rest[..<pathStart]) else { return nil }
        let tail = String(rest[pathStart...])
        guard tail.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !tail.contains("#") else { return nil }
        host = authority.host
        port = authority.port ?? (isSecure ? 443 : 80)
        path = tail.hasPrefix("/") ? tail : "/" + tail
        self.weight = weight
    }
}

/// A STUN server of `stun_servers` (RFC 7064).
public struct STUNServer: Hashable, Sendable {
    /// Host name or IP address.
    public var host: String
    /// Port; 3478, or 5349 over TLS, when the URI names none.
    public var port: Int
    /// Whether the scheme was `stuns`.
    public var isSecure: Bool

    /// Parses `stun:host[:port]` or `stuns:host[:port]`; a missing scheme counts as `stun:`, as old JsSIP had it.
    public init?(uri: String) {
        let lower = uri.lowercased()
        let rest: Substring
        if lower.hasPrefix("stuns:") {
            (isSecure, rest) = (true, uri.dropFirst(6))
        } else if lower.hasPrefix("stun:") {
            (isSecure, rest) = (false, uri.dropFirst(5))
        } else {
            (isSecure, rest) = (false, uri[...])
        }
        guard let authority = HostAndPort(rest) else { return nil }
        host = authority.host
        port = authority.port ?? (isSecure ? 5349 : 3478)
    }
}

/// `host[:port]` with a literal IPv6 address in brackets.
struct HostAndPort {
    var host: String
    var port: Int?

    init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<close])
            guard
                host.utf8.allSatisfy({
                    Character(UnicodeScalar($0)).isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }),
                host.contains(":")
            else { return nil }
            rest = rest[rest.index(after: close)...]
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = String(rest[..<end])
            guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostOctet) else { return nil }
            rest = rest[end...]
        }
        guard !rest.isEmpty else { return }
        guard rest.first == ":", let number = Int(rest.dropFirst()), (1...65_535).contains(number) else { return nil }
        port = number
    }

    private static func isHostOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
