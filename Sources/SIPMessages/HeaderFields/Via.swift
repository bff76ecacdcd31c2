/// One hop's entry in the Via header field (RFC 3261 §20.42).
public struct Via: Hashable, Sendable {
    /// The transport token: `UDP`, `TCP`, `TLS`, `WS`, `WSS`, or whatever stands there.
    public var transport: String
    /// Host of sent-by, in lower case.
    public var host: String
    /// Port of sent-by.
    public var port: UInt16?
    /// The parameters, `branch` among them.
    public var parameters: SIPParameters

    /// Creates an entry.
    public init(transport: String, host: String, port: UInt16? = nil, parameters: SIPParameters = [:]) {
        self.transport = transport
        self.host = host.lowercased()
        self.port = port
        self.parameters = parameters
    }

    /// The branch, or `nil` when it is absent or the bare magic cookie, which means the same (RFC 4475 §3.2.1).
    public var branch: String? {
        guard let value = parameters["branch"], value.lowercased() != Self.magicCookie.lowercased() else { return nil }
        return value
    }

    /// What every branch of RFC 3261 begins with (§8.1.1.7).
    public static let magicCookie = "z9hG4bK"
}

extension Via: LosslessStringConvertible {
    /// Parses `SIP/2.0/transport sent-by *(;parameter)`, blanks allowed around the slashes.
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        scanner.skipBlanks()
        guard let name = scanner.token(), name.lowercased() == "sip" else { return nil }
        scanner.skipBlanks()
        guard scanner.accept("/") else { return nil }
        scanner.skipBlanks()
        guard let version = scanner.token(), version == "2.0" else { return nil }
        scanner.skipBlanks()
        guard scanner.accept("/") else { return nil }
        scanner.skipBlanks()
        guard let transport = scanner.token(), let next = scanner.peek, Grammar.isBlank(next) else { return nil }
        scanner.skipBlanks()
        var sentBy = scanner.take { Grammar.isURIOctet($0) && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
        scanner.skipBlanks()
        // Blanks may stand around the colon before the port.
        if sentBy.hasSuffix(":") || scanner.peek == UInt8(ascii: ":") {
            if scanner.accept(":") { sentBy += ":" }
            scanner.skipBlanks()
            sentBy += scanner.take(while: Grammar.isDigit)
        }
        guard let (host, port) = SIPURI.hostAndPort(sentBy), let parameters = SIPParameters(scanning: &scanner),
            scanner.isAtEnd
        else { return nil }
        self.init(transport: transport, host: host, port: port, parameters: parameters)
    }

    /// The entry as it goes on the wire.
    public var description: String {
        "SIP/2.0/\(transport) \(host)\(port.map { ":\($0)" } ?? "")\(parameters.wireText)"
    }
}
