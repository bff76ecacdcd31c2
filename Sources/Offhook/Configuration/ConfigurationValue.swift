/// A value out of a configuration file, with the place where it stands.
public struct ConfigurationValue: Sendable {
    /// What the value is.
    public indirect enum Kind: Sendable {
        /// Nothing, or a tilde.
        case null
        /// A real boolean; quoted, it is a string.
        case bool(Bool)
        /// A plain number, with its text.
        case number(Double, text: String)
        /// Anything else that is one scalar.
        case string(String)
        /// A sequence.
        case list([ConfigurationValue])
        /// A mapping, in the order of the file.
        case map([Entry])
    }

    /// One key of a mapping and its value.
    public struct Entry: Sendable {
        /// The key as it is spelled.
        public var key: String
        /// Where the key stands.
        public var keyLocation: ConfigurationLocation?
        /// The value.
        public var value: ConfigurationValue

        /// Creates an entry.
        public init(key: String, keyLocation: ConfigurationLocation? = nil, value: ConfigurationValue) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    /// What the value is.
    public var kind: Kind
    /// Where it stands, when it comes from a file.
    public var location: ConfigurationLocation?

    /// Creates a value.
    public init(_ kind: Kind, location: ConfigurationLocation? = nil) {
        self.kind = kind
        self.location = location
    }

    /// The value as an error message shows it.
    public var text: String {
        switch kind {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(_, let text): text
        case .string(let value): "\"\(value)\""
        // Their shape only: a credential may stand within.
        case .list(let values): "[\(values.count) values]"
        case .map(let entries): "{\(entries.map(\.key).joined(separator: ", "))}"
        }
    }

    /// Whether an optional parameter with this value takes its default, as JsSIP does it: null, "" and [].
    package var meansDefault: Bool {
        switch kind {
        case .null: true
        case .string(let value): value.isEmpty
        case .list(let values): values.isEmpty
        case .bool, .number, .map: false
        }
    }
}

// MARK: - Typed reading

extension ConfigurationValue {
    /// The error for this value at this parameter.
    package func invalid(_ parameter: String, allowed: String, secret: Bool = false) -> ConfigurationError {
        ConfigurationError(
            parameter: parameter,
            value: secret ? "(hidden)" : text,
            allowed: allowed,
            location: location
        )
    }

    /// A string; numbers are taken by their text, since a password may consist of digits.
    package func string(_ parameter: String, secret: Bool = false) throws(ConfigurationError) -> String {
        switch kind {
        case .string(let value): return value
        case .number(_, let text): return text
        case .null, .bool, .list, .map: throw invalid(parameter, allowed: "a string", secret: secret)
        }
    }

    /// A boolean; the string "false" is none.
    package func bool(_ parameter: String) throws(ConfigurationError) -> Bool {
        guard case .bool(let value) = kind else { throw invalid(parameter, allowed: "true or false") }
        return value
    }

    /// A whole number within bounds, also as a string of digits; 1.5, "1e3" and "abc" are none.
    package func integer(_ parameter: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let text: String
        switch kind {
        case .string(let value): text = value
        case .number(_, let value): text = value
        case .null, .bool, .list, .map: throw invalid(parameter, allowed: allowed)
        }
        guard let value = Int(text), range.contains(value) else { throw invalid(parameter, allowed: allowed) }
        return value
    }

    /// A number within bounds.
    package func number(_ parameter: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        guard case .number(let value, _) = kind, range.contains(value) else {
            throw invalid(parameter, allowed: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A span of time: a number of seconds, or a number with the unit `ms`, `s`, `m` or `h`.
    package func duration(_ parameter: String) throws(ConfigurationError) -> Duration {
        let allowed = "a duration such as 0.5s, 200ms or 2m"
        let text: String
        switch kind {
        case .number(_, let value): text = value
        case .string(let value): text = value
        case .null, .bool, .list, .map: throw invalid(parameter, allowed: allowed)
        }
        let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let value = Double(text.dropLast(unit.suffix.count)), value >= 0, value * unit.seconds <= 1e8
            else { continue }
            return .nanoseconds(Int64((value * unit.seconds * 1e9).rounded()))
        }
        throw invalid(parameter, allowed: allowed)
    }

    /// The entries of a mapping.
    package func map(_ parameter: String) throws(ConfigurationError) -> [Entry] {
        guard case .map(let entries) = kind else { throw invalid(parameter, allowed: "a mapping of keys to values") }
        return entries
    }

    /// The members of a list; any other value counts as a list of one.
    package var oneOrMany: [ConfigurationValue] {
        guard case .list(let values) = kind else { return [self] }
        return values
    }
}
