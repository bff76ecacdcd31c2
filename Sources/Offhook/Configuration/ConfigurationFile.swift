private import Yams

/// Reads configuration files: YAML documents into ``ConfigurationValue``s that remember where they stood.
public enum ConfigurationFile {
    /// Parses every document of a text.
    ///
    /// `${NAME}` in a string is replaced from `environment`; `$${` stands for a literal `${`.
    /// - Parameter name: The file's name for error messages.
    /// - Throws: ``ConfigurationError`` with line and column for text that is no YAML, a key that stands twice, or a
    ///   variable that is not set.
    public static func parse(
        _ text: String,
        name: String,
        environment: [String: String]
    ) throws(ConfigurationError) -> [ConfigurationValue] {
        var sequence: YamlSequence<Node>
        do {
            sequence = try compose_all(yaml: text, .default)
        } catch {
            throw unreadable(error, name: name)
        }
        var nodes: [Node] = []
        while let node = sequence.next() { nodes.append(node) }
        // The sequence ends at the first fault as it ends at the end, and keeps the fault to itself.
        if let error = sequence.error { throw unreadable(error, name: name) }
        var reader = NodeReader(file: name, environment: environment)
        var values: [ConfigurationValue] = []
        for node in nodes { values.append(try reader.value(of: node, depth: 0)) }
        return values
    }

    private static func unreadable(_ error: any Error, name: String) -> ConfigurationError {
        var location: ConfigurationLocation?
        var reason = "\(error)"
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            location = ConfigurationLocation(file: name, line: mark.line, column: mark.column)
            reason = problem
        case .duplicatedKeysInMapping(let keys, let context):
            return ConfigurationError(
                parameter: keys.joined(separator: ", "),
                value: nil,
                allowed: "it stands twice",
                location: ConfigurationLocation(file: name, line: context.mark.line, column: context.mark.column)
            )
        default: break
        }
        return ConfigurationError(
            parameter: name,
            value: nil,
            problem: .unreadable,
            allowed: "not YAML: \(reason)",
            location: location
        )
    }
}

private struct NodeReader {
    let file: String
    let environment: [String: String]

    /// Nodes read so far; aliases can multiply a short text without end.
    private var nodes = 0

    init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
    }

    /// Deeper and longer than any configuration is meant to be.
    private static let maximumDepth = 16
    private static let maximumNodes = 20_000

    mutating func value(of node: Node, depth: Int) throws(ConfigurationError) -> ConfigurationValue {
        let location = self.location(of: node)
        nodes += 1
        guard depth <= Self.maximumDepth, nodes <= Self.maximumNodes else {
            throw ConfigurationError(
                parameter: file,
                value: nil,
                problem: .unreadable,
                allowed: "at most \(Self.maximumDepth) levels and \(Self.maximumNodes) values",
                location: location
            )
        }
        switch node {
        case .scalar(let scalar):
            return ConfigurationValue(try kind(of: scalar, node: node, location: location), location: location)
        case .sequence(let sequence):
            var values: [ConfigurationValue] = []
            for member in sequence { values.append(try value(of: member, depth: depth + 1)) }
            return ConfigurationValue(.list(values), location: location)
        case .mapping(let mapping):
            var entries: [ConfigurationValue.Entry] = []
            for (key, member) in mapping {
                let name = key.scalar?.string ?? ""
                let value = try value(of: member, depth: depth + 1)
                entries.append(.init(key: name, keyLocation: self.location(of: key), value: value))
            }
            return ConfigurationValue(.map(entries), location: location)
        case .alias:
            throw ConfigurationError(
                parameter: file,
                value: nil,
                problem: .unreadable,
                allowed: "an alias without its anchor",
                location: location
            )
        }
    }

    private func location(of node: Node) -> ConfigurationLocation? {
        node.mark.map { ConfigurationLocation(file: file, line: $0.line, column: $0.column) }
    }

    private func kind(
        of scalar: Node.Scalar,
        node: Node,
        location: ConfigurationLocation?
    ) throws(ConfigurationError) -> ConfigurationValue.Kind {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else {
            return .string(try interpolated(text, location: location))
        }
        if text.isEmpty || text == "~" || text == "null" { return .null }
        if text == "true" || text == "false" { return .bool(text == "true") }
        // Not what YAML 1.1 takes for numbers: 1_000, 0x10 and 12:30 stay text.
        if let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E }), let number = Double(text)
        {
            return .number(number, text: text)
        }
        return .string(try interpolated(text, location: location))
    }

    private func interpolated(_ text: String, location: ConfigurationLocation?) throws(ConfigurationError) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex, rest[rest.index(before: start.lowerBound)] == "$" {
                result += rest[..<rest.index(before: start.lowerBound)] + "${"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            let name = String(rest[start.upperBound..<end])
            guard let value = environment[name] else {
                throw ConfigurationError(
                    parameter: "${\(name)}",
                    value: nil,
                    problem: .missing,
                    allowed: "set the environment variable \(name)",
                    location: location
                )
            }
            result += rest[..<start.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
