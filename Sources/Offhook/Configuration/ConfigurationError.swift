/// A configuration parameter that is missing or has a value it cannot have.
public struct ConfigurationError: Error, Hashable, Sendable {
    /// What is wrong with the parameter.
    public enum Problem: Hashable, Sendable {
        /// It is mandatory and absent.
        case missing
        /// Its value is none of what is allowed.
        case invalid
        /// No such parameter; the nearest known one, when there is one near.
        case unknown(nearest: String?)
        /// The text cannot be read at all.
        case unreadable
    }

    /// The parameter's name as the configuration spells it, with the names of the sections around it: `ua.uri`.
    public var parameter: String
    /// The offending value in its text form, or `nil` where there is none; never a secret.
    public var value: String?
    /// What is wrong.
    public var problem: Problem
    /// What would be right, in a few words.
    public var allowed: String
    /// Where in the file, when it came from one.
    public var location: ConfigurationLocation?

    /// Creates an error.
    public init(
        parameter: String,
        value: String?,
        problem: Problem = .invalid,
        allowed: String,
        location: ConfigurationLocation? = nil
    ) {
        self.parameter = parameter
        self.value = value
        self.problem = problem
        self.allowed = allowed
        self.location = location
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `file:line:column: parameter: what is wrong; what is allowed`.
    public var description: String {
        let place = location.map { "\($0): " } ?? ""
        let complaint =
            switch problem {
            case .missing: "is missing"
            case .invalid: value.map { "has the invalid value \($0)" } ?? "is wrong"
            case .unknown(let nearest?): "is not known; did you mean \(nearest)?"
            case .unknown(nil): "is not known"
            case .unreadable: "cannot be read"
            }
        return "\(place)\(parameter) \(complaint)" + (allowed.isEmpty ? "" : "; \(allowed)")
    }
}

/// A place in a configuration file.
public struct ConfigurationLocation: Hashable, Sendable, CustomStringConvertible {
    /// The file, as the user named it.
    public var file: String
    /// Line, from 1.
    public var line: Int
    /// Column, from 1.
    public var column: Int

    /// Creates a place.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, which editors and terminals make a link of.
    public var description: String { "\(file):\(line):\(column)" }
}
