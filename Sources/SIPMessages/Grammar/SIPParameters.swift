/// The `;name=value` parameters of a URI or a header field, in order; names without regard to case.
public struct SIPParameters: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One parameter: the name in lower case, and the value as it stands on the wire, with its quotes if any.
    public struct Parameter: Hashable, Sendable {
        /// The name in lower case.
        public var name: String
        /// The value, or `nil` for a parameter without one.
        public var value: String?
    }

    /// The parameters in order.
    public private(set) var all: [Parameter] = []

    /// Creates an empty list.
    public init() {}

    /// Creates a list in the order of the literal.
    public init(dictionaryLiteral elements: (String, String?)...) {
        for (name, value) in elements { set(name, to: value) }
    }

    /// Whether there are none.
    public var isEmpty: Bool { all.isEmpty }

    /// Whether the parameter is there, with or without a value.
    public func contains(_ name: String) -> Bool {
        let name = name.lowercased()
        return all.contains { $0.name == name }
    }

    /// The value of the first parameter of that name, quotes included; `nil` when absent or without a value.
    public subscript(name: String) -> String? {
        let name = name.lowercased()
        return all.first { $0.name == name }?.value
    }

    /// The value without quotes around it.
    public func unquoted(_ name: String) -> String? { self[name].map(Grammar.unquoted) }

    /// Sets a parameter in place, or appends it.
    public mutating func set(_ name: String, to value: String?) {
        let name = name.lowercased()
        if let index = all.firstIndex(where: { $0.name == name }) {
            all[index].value = value
        } else {
            all.append(Parameter(name: name, value: value))
        }
    }

    /// Removes a parameter and returns its value.
    @discardableResult
    public mutating func remove(_ name: String) -> String? {
        let name = name.lowercased()
        guard let index = all.firstIndex(where: { $0.name == name }) else { return nil }
        return all.remove(at: index).value
    }

    /// `;name=value` for each.
    var wireText: String {
        all.map { parameter in
            parameter.value.map { ";\(parameter.name)=\($0)" } ?? ";\(parameter.name)"
        }.joined()
    }

    /// Reads `*( SEMI generic-param )`, blanks allowed around `;` and `=`; `nil` where the grammar is violated.
    init?(scanning scanner: inout TextScanner) {
        scanner.skipBlanks()
        while scanner.accept(";") {
            scanner.skipBlanks()
            guard let name = scanner.token() else { return nil }
            scanner.skipBlanks()
            var value: String?
            if scanner.accept("=") {
                scanner.skipBlanks()
                if scanner.peek == UInt8(ascii: "\"") {
                    guard let quoted = scanner.rawQuotedString() else { return nil }
                    value = quoted
                } else {
                    // Wider than a token: hosts, IPv6 addresses with or without brackets, and what servers put there.
                    let text = scanner.take { octet in
                        Grammar.isURIOctet(octet) && octet != UInt8(ascii: ";") && octet != UInt8(ascii: ",")
                    }
                    guard !text.isEmpty else { return nil }
                    value = text
                }
                scanner.skipBlanks()
            }
            all.append(Parameter(name: name.lowercased(), value: value))
        }
    }
}
