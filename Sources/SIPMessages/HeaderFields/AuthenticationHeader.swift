/// A challenge or credentials of HTTP authentication: a scheme and its fields (RFC 3261 §20.7, §20.44; RFC 7616 §3).
///
/// Reads what servers write: any case, blanks anywhere, `qop` with or without quotes.
public struct AuthenticationHeader: Hashable, Sendable {
    /// The scheme in lower case: `digest`.
    public var scheme: String
    /// The fields in order, names in lower case, values without quotes.
    public var fields: [Field]

    /// One field.
    public struct Field: Hashable, Sendable {
        /// The name in lower case.
        public var name: String
        /// The value without quotes and escapes.
        public var value: String
        /// Whether it is written in quotes.
        public var isQuoted: Bool

        /// Creates a field.
        public init(_ name: String, _ value: String, isQuoted: Bool = true) {
            self.name = name.lowercased()
            self.value = value
            self.isQuoted = isQuoted
        }
    }

    /// Creates a header value.
    public init(scheme: String = "digest", fields: [Field]) {
        self.scheme = scheme.lowercased()
        self.fields = fields
    }

    /// The value of the first field of that name.
    public subscript(name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name == name }?.value
    }
}

extension AuthenticationHeader: LosslessStringConvertible {
    /// Parses `scheme name=value, …`.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        scanner.skipBlanks()
        guard let scheme = scanner.token() else { return nil }
        var fields: [Field] = []
        repeat {
            scanner.skipBlanks()
            guard let name = scanner.token() else {
                // A trailing comma, or a scheme without fields.
                guard scanner.isAtEnd else { return nil }
                break
            }
            scanner.skipBlanks()
            guard scanner.accept("=") else { return nil }
            scanner.skipBlanks()
            if scanner.peek == UInt8(ascii: "\"") {
                guard let quoted = scanner.rawQuotedString() else { return nil }
                fields.append(Field(name, Grammar.unquoted(quoted)))
            } else {
                let value = scanner.take { $0 != UInt8(ascii: ",") && !Grammar.isBlank($0) }
                fields.append(Field(name, value, isQuoted: false))
            }
            scanner.skipBlanks()
        } while scanner.accept(",")
        guard scanner.isAtEnd else { return nil }
        self.init(scheme: scheme, fields: fields)
    }

    /// The value as it goes on the wire.
    public var description: String {
        let name = scheme == "digest" ? "Digest" : scheme
        let list = fields.map { "\($0.name)=\($0.isQuoted ? Grammar.quoted($0.value) : $0.value)" }
        return "\(name) " + list.joined(separator: ", ")
    }
}
