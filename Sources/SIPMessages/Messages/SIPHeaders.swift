/// The header fields of a message, in order; names without regard to case, compact names expanded.
public struct SIPHeaders: Hashable, Sendable {
    /// One header field line.
    public struct Field: Hashable, Sendable {
        /// The name, as it stood or in its usual spelling.
        public var name: String
        /// The value: folding undone, blanks around it removed.
        public var value: String
    }

    /// The fields in order.
    public private(set) var fields: [Field] = []

    /// Creates an empty list.
    public init() {}

    /// The value of the first field of that name.
    public subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set { if let newValue { set(name, to: newValue) } else { remove(name) } }
    }

    /// The values of all fields of that name, one per line as received.
    public func lines(_ name: String) -> [String] {
        fields.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// The members of a list-valued header field over all its lines (RFC 3261 §7.3.1).
    public func list(_ name: String) -> [String] {
        lines(name).flatMap(Grammar.splitList).filter { !$0.isEmpty }
    }

    /// Whether a field of that name is there.
    public func contains(_ name: String) -> Bool { fields.contains { Self.same($0.name, name) } }

    /// Appends a field.
    ///
    /// - Precondition: Neither name nor value holds CR, LF or NUL; use ``append(validating:_:)`` for a caller's text.
    public mutating func append(_ name: String, _ value: String) {
        precondition(
            Grammar.isToken(name) && Grammar.isSafeHeaderText(value),
            "a header field is one line; text of others goes through append(validating:)"
        )
        fields.append(Field(name: Self.expanded(name), value: value))
    }

    /// Appends a field whose text comes from a caller.
    ///
    /// - Throws: ``SIPHeaderInjection`` when it would break out of its line.
    public mutating func append(validating name: String, _ value: String) throws(SIPHeaderInjection) {
        guard Grammar.isToken(name), Grammar.isSafeHeaderText(value) else { throw SIPHeaderInjection(name: name) }
        fields.append(Field(name: Self.expanded(name), value: value))
    }

    /// Puts a field before all others of its name, as a Via or Record-Route is added.
    public mutating func prepend(_ name: String, _ value: String) {
        precondition(Grammar.isToken(name) && Grammar.isSafeHeaderText(value), "a header field is one line")
        let index = fields.firstIndex { Self.same($0.name, name) } ?? 0
        fields.insert(Field(name: name, value: value), at: index)
    }

    /// Replaces all fields of that name by one, in the place of the first.
    public mutating func set(_ name: String, to value: String) {
        guard let index = fields.firstIndex(where: { Self.same($0.name, name) }) else { return append(name, value) }
        precondition(Grammar.isSafeHeaderText(value), "a header field is one line")
        fields[index].value = value
        let tail = fields[(index + 1)...].filter { !Self.same($0.name, name) }
        fields.replaceSubrange((index + 1)..., with: tail)
    }

    /// Removes all fields of that name.
    public mutating func remove(_ name: String) { fields.removeAll { Self.same($0.name, name) } }

    /// Appends a field as it was received.
    mutating func appendParsed(_ name: String, _ value: String) {
        fields.append(Field(name: Self.expanded(name), value: value))
    }

    private static func same(_ first: String, _ second: String) -> Bool {
        first.utf8.count == second.utf8.count
            && zip(first.utf8, second.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && isLetter($0)) }
    }

    private static func isLetter(_ octet: UInt8) -> Bool { (0x61...0x7A).contains(octet | 0x20) }

    /// The long form of a compact name (IANA's SIP header field registry).
    private static func expanded(_ name: String) -> String {
        guard name.utf8.count == 1 else { return name }
        return switch name.lowercased() {
        case "v": "Via"
        case "f": "From"
        case "t": "To"
        case "i": "Call-ID"
        case "m": "Contact"
        case "l": "Content-Length"
        case "c": "Content-Type"
        case "e": "Content-Encoding"
        case "k": "Supported"
        case "s": "Subject"
        case "r": "Refer-To"
        case "b": "Referred-By"
        case "o": "Event"
        case "u": "Allow-Events"
        case "x": "Session-Expires"
        case "a": "Accept-Contact"
        case "j": "Reject-Contact"
        case "d": "Request-Disposition"
        case "y": "Identity"
        case "n": "Identity-Info"
        default: name
        }
    }
}

/// Text of a caller that would have broken out of its header field line: it holds CR, LF or NUL, or names no token.
public struct SIPHeaderInjection: Error, Hashable, Sendable {
    /// The header field it was meant for.
    public var name: String
}
