/// Makes a request target of what people type: `alice`, `alice@example.com`, `tel:+1 (555) 000`.
public enum TargetNormaliser {
    /// The target as a `sip` URI, or `nil` when it is unusable.
    ///
    /// The last at sign separates user and host; without one, `domain`'s host, port and parameters are taken. A scheme
    /// in front is dropped. A user of nothing but telephone symbols loses its visual separators and blanks.
    public static func normalise(_ target: String, domain: SIPURI?) -> SIPURI? {
        guard !target.isEmpty else { return nil }
        let user: Substring
        let hostText: Substring?
        if let at = target.lastIndex(of: "@") {
            (user, hostText) = (target[..<at], target[target.index(after: at)...])
        } else {
            (user, hostText) = (target[...], nil)
        }
        var name = user
        for scheme in ["sips:", "sip:", "tel:"] where name.lowercased().hasPrefix(scheme) {
            name = name.dropFirst(scheme.count)
            break
        }
        var decoded = String(decoding: PercentEncoding.decode(name), as: UTF8.self)
        guard !decoded.isEmpty else { return nil }
        if decoded.utf8.allSatisfy(isTelephoneSymbol) {
            decoded.unicodeScalars.removeAll { "-.() ".unicodeScalars.contains($0) }
            guard !decoded.isEmpty else { return nil }
        }
        if let hostText {
            guard let uri = SIPURI("sip:\(hostText)"), uri.escapedUser == nil, uri.headers.isEmpty else { return nil }
            return SIPURI(user: decoded, host: uri.host, port: uri.port, parameters: uri.parameters)
        }
        guard let domain else { return nil }
        return SIPURI(user: decoded, host: domain.host, port: domain.port, parameters: domain.parameters)
    }

    private static func isTelephoneSymbol(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: " "):
            true
        default: Grammar.isDigit(octet)
        }
    }
}
