/// An IP address, IPv4 or IPv6, in host-independent integers.
public enum IPAddress: Hashable, Sendable {
    /// An IPv4 address, most significant octet first.
    case v4(UInt32)
    /// An IPv6 address: its upper and lower 64 bits, and the scope (interface index) of a link-local address, else 0.
    case v6(UInt64, UInt64, scope: UInt32)

    /// Whether this is an IPv6 address.
    public var isIPv6: Bool {
        if case .v6 = self { return true }
        return false
    }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low, _): high == 0 && low == 1
        }
    }

    /// 169.254.0.0/16 or fe80::/10.
    public var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xA9FE
        case .v6(let high, _, _): high >> 54 == 0x3FA
        }
    }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool {
        switch self {
        case .v4(let bits): bits == 0
        case .v6(let high, let low, _): high == 0 && low == 0
        }
    }
}

/// An IP address and a port: one end of a datagram's path.
public struct SocketAddress: Hashable, Sendable {
    /// The address.
    public var ip: IPAddress
    /// The port.
    public var port: UInt16

    /// Creates a transport address.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Parses `ip` in its text form; `nil` when it is no literal IPv4 or IPv6 address.
    public init?(_ ip: String, port: UInt16) {
        guard let ip = IPAddress(ip) else { return nil }
        self.init(ip: ip, port: port)
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Parses dotted decimal or the forms of RFC 4291 §2.2, without brackets; a zone must be a number (`fe80::1%2`).
    public init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            self.init(ipv6: text)
        } else {
            guard let bits = Self.parseIPv4(text[...]) else { return nil }
            self = .v4(bits)
        }
    }

    private init?(ipv6 text: String) {
        var body = text[...]
        var scope: UInt32 = 0
        if let percent = body.firstIndex(of: "%") {
            guard let number = UInt32(body[body.index(after: percent)...]) else { return nil }
            scope = number
            body = body[..<percent]
        }
        var head: [UInt16] = []
        var tail: [UInt16] = []
        var compressed = false
        if let gap = body.firstRange(of: "::") {
            compressed = true
            guard
                let left = Self.parseGroups(body[..<gap.lowerBound], mayEndInIPv4: false),
                let right = Self.parseGroups(body[gap.upperBound...], mayEndInIPv4: true)
            else { return nil }
            (head, tail) = (left, right)
        } else {
            guard let all = Self.parseGroups(body, mayEndInIPv4: true) else { return nil }
            head = all
        }
        let given = head.count + tail.count
        guard compressed ? given <= 7 : given == 8 else { return nil }
        let groups = head + Array(repeating: 0, count: 8 - given) + tail
        let high = groups[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        self = .v6(high, low, scope: scope)
    }

    private static func parseGroups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(".") {
                guard let bits = parseIPv4(part) else { return nil }
                groups.append(UInt16(bits >> 16))
                groups.append(UInt16(bits & 0xFFFF))
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func parseIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let octet = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        return bits
    }

    /// Dotted decimal, or RFC 5952's canonical form without brackets.
    public var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 0xFF).\(bits >> 8 & 0xFF).\(bits & 0xFF)"
        case .v6(let high, let low, let scope):
            let groups =
                (0..<4).map { UInt16(truncatingIfNeeded: high >> (48 - 16 * $0)) }
                + (0..<4).map { UInt16(truncatingIfNeeded: low >> (48 - 16 * $0)) }
            let text = Self.compressed(groups)
            return scope == 0 ? text : "\(text)%\(scope)"
        }
    }

    /// RFC 5952 §4.2: the longest run of at least two zero groups becomes `::`, the first one on a tie.
    private static func compressed(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var index = 0
        while index < groups.count {
            guard groups[index] == 0 else {
                index += 1
                continue
            }
            let start = index
            while index < groups.count, groups[index] == 0 { index += 1 }
            if index - start > max(1, best.count) { best = start..<index }
        }
        let hex = { (range: Range<Int>) in
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return hex(0..<8) }
        return hex(0..<best.lowerBound) + "::" + hex(best.upperBound..<8)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    public var description: String { ip.isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
