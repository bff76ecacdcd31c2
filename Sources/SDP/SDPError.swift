/// Why a session description cannot be read; lines count from 1.
public enum SDPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no line in it.
    case empty
    /// It is longer than ``SDPLimits/descriptionInBytes``.
    case tooLarge(bytes: Int)
    /// A line is longer than ``SDPLimits/lineInBytes``.
    case lineTooLong(line: Int)
    /// There are more lines than ``SDPLimits/lines``.
    case tooManyLines
    /// There are more media sections than ``SDPLimits/mediaSections``.
    case tooManyMedia(line: Int)
    /// It does not begin with `v=`.
    case missingVersion
    /// `v=` is followed by something other than 0.
    case unsupportedVersion(line: Int)
    /// A line that nothing can be done without does not follow the grammar.
    case malformed(field: Field, line: Int)

    /// A line without which a description cannot be used.
    public enum Field: String, Equatable, Sendable {
        /// `o=`.
        case origin
        /// `c=`.
        case connection
        /// `m=`.
        case media
    }

    /// A sentence for a log.
    public var description: String {
        switch self {
        case .empty: "the session description is empty"
        case .tooLarge(let bytes): "the session description has \(bytes) octets"
        case .lineTooLong(let line): "line \(line) of the session description is too long"
        case .tooManyLines: "the session description has too many lines"
        case .tooManyMedia(let line): "line \(line) begins one media section too many"
        case .missingVersion: "the session description does not begin with v="
        case .unsupportedVersion(let line): "line \(line): the version is not 0"
        case .malformed(let field, let line): "line \(line): malformed \(field.rawValue)"
        }
    }
}

/// Bounds on what is parsed, far above what browsers and servers send.
public enum SDPLimits {
    /// Octets of a whole description.
    public static let descriptionInBytes = 262_144
    /// Octets of a line without its end.
    public static let lineInBytes = 8_192
    /// Lines of a description.
    public static let lines = 8_192
    /// Media sections of a description.
    public static let mediaSections = 128
}
