internal import SansIO

/// The address of a WebSocket server: `ws://host:port/path` or `wss://…` (RFC 6455 §3).
package struct WebSocketURL: Hashable, Sendable, LosslessStringConvertible {
    /// Whether TLS protects the connection.
    package let isSecure: Bool
    /// A name or a literal address; IPv6 without brackets.
    package let host: String
    package let port: UInt16
    /// Path and query, at least `/`.
    package let path: String

    package init?(_ text: String) {
        let isSecure: Bool
        let rest: Substring
        let lowercased = text.lowercased()
        if lowercased.hasPrefix("ws://") {
            (isSecure, rest) = (false, text.dropFirst(5))
        } else if lowercased.hasPrefix("wss://") {
            (isSecure, rest) = (true, text.dropFirst(6))
        } else {
            return nil
        }
        // "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used."
        guard !rest.contains("#"), rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.parse(authority: rest[..<end], defaultPort: isSecure ? 443 : 80) else {
            return nil
        }
        self.isSecure = isSecure
        self.host = host
        self.port = port
        path = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    private static func parse(authority: Substring, defaultPort: UInt16) -> (String, UInt16)? {
        let host: Substring
        let tail: Substring
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            tail = authority[authority.index(after: close)...]
            guard let address = IPAddress(String(host)), address.isIPv6 else { return nil }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            tail = authority[colon...]
            guard !host.isEmpty, !host.contains("@") else { return nil }
        }
        if tail.isEmpty { return (String(host), defaultPort) }
        guard tail.first == ":", let port = UInt16(tail.dropFirst()), port > 0 else { return nil }
        return (String(host), port)
    }

    /// Whether the host is this machine, judged by its name: `localhost`, 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        host.lowercased() == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// Host and port as the Host header has them: the default port left out.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    package var description: String { "\(isSecure ? "wss" : "ws")://\(authority)\(path)" }
}
