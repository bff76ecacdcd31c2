/// A media type: Content-Type and the members of Accept (RFC 3261 §20.15).
public struct ContentType: Hashable, Sendable {
    /// Type in lower case, such as `application`.
    public var type: String
    /// Subtype in lower case, such as `sdp`.
    public var subtype: String
    /// Parameters such as `charset` or `boundary`.
    public var parameters: SIPParameters

    /// Creates a type.
    public init(type: String, subtype: String, parameters: SIPParameters = [:]) {
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters
    }

    /// Whether type and subtype are these, whatever the parameters.
    public func matches(_ other: ContentType) -> Bool { type == other.type && subtype == other.subtype }

    /// `application/sdp`.
    public static let sdp = ContentType(type: "application", subtype: "sdp")
    /// `application/dtmf-relay`.
    public static let dtmfRelay = ContentType(type: "application", subtype: "dtmf-relay")
    /// `application/dtmf`: a bare digit.
    public static let dtmf = ContentType(type: "application", subtype: "dtmf")
    /// `text/plain`.
    public static let plainText = ContentType(type: "text", subtype: "plain")
}

extension ContentType: LosslessStringConvertible {
    /// Parses `type/subtype *(;parameter)`.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        scanner.skipBlanks()
        guard let type = scanner.token() else { return nil }
        scanner.skipBlanks()
        guard scanner.accept("/") else { return nil }
        scanner.skipBlanks()
        guard let subtype = scanner.token(), let parameters = SIPParameters(scanning: &scanner), scanner.isAtEnd else {
            return nil
        }
        self.init(type: type, subtype: subtype, parameters: parameters)
    }

    /// The type as it goes on the wire.
    public var description: String { "\(type)/\(subtype)\(parameters.wireText)" }
}
