/// The hash of the certificate that the writer will use (RFC 8122 §5).
public struct FingerprintAttribute: Hashable, Sendable {
    /// The hash function in lower case, such as `sha-256`.
    public var algorithm: String
    /// The hash.
    public var bytes: [UInt8]

    /// Creates a fingerprint.
    public init(algorithm: String = "sha-256", bytes: [UInt8]) {
        self.algorithm = algorithm.lowercased()
        self.bytes = bytes
    }

    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count == 2, let bytes = parseColonSeparatedHex(fields[1]) else { return nil }
        self.init(algorithm: String(fields[0]), bytes: bytes)
    }

    /// The value of `a=fingerprint`.
    public var text: String { "\(algorithm) \(colonSeparatedHex(bytes))" }
}

/// Where RTCP goes when it does not share the RTP port (RFC 3605).
public struct RTCPAddress: Equatable, Sendable {
    /// The port.
    public var port: UInt16
    /// The address; the one of the media section when there is none.
    public var address: ConnectionAddress?

    /// Creates an address.
    public init(port: UInt16, address: ConnectionAddress? = nil) {
        self.port = port
        self.address = address
    }

    init?(parsing value: Substring) {
        let (portText, rest) = halves(value, at: " ")
        guard let port = decimal(portText, as: UInt16.self) else { return nil }
        guard let rest else {
            self.init(port: port)
            return
        }
        guard let address = ConnectionAddress(parsing: rest) else { return nil }
        self.init(port: port, address: address)
    }

    var text: String {
        guard let address else { return String(port) }
        return "\(port) \(address.networkType) \(address.addressType) \(address.address)"
    }
}
