internal import Digests

/// A hash of HTTP Digest authentication (RFC 7616 §3.2, RFC 8760 §2), weakest first.
package enum DigestAlgorithm: String, CaseIterable, Comparable, Sendable {
    case md5 = "MD5"
    case md5Session = "MD5-sess"
    case sha256 = "SHA-256"
    case sha256Session = "SHA-256-sess"
    case sha512_256 = "SHA-512-256"
    case sha512_256Session = "SHA-512-256-sess"

    /// Reads the `algorithm` field; an absent one means MD5, an unknown one gives `nil`.
    package init?(field: String?) {
        guard let field else {
            self = .md5
            return
        }
        guard let match = Self.allCases.first(where: { $0.rawValue.lowercased() == field.lowercased() }) else {
            return nil
        }
        self = match
    }

    package static func < (left: DigestAlgorithm, right: DigestAlgorithm) -> Bool { left.strength < right.strength }

    private var strength: Int {
        switch self {
        case .md5, .md5Session: 0
        case .sha256, .sha256Session: 1
        case .sha512_256, .sha512_256Session: 2
        }
    }

    /// Whether A1 takes in nonce and cnonce (RFC 7616 §3.4.2).
    var isSession: Bool {
        switch self {
        case .md5Session, .sha256Session, .sha512_256Session: true
        case .md5, .sha256, .sha512_256: false
        }
    }

    /// The hash of a text in lower-case hexadecimal.
    func hex(_ text: String) -> String {
        switch self {
        case .md5, .md5Session: Digest.md5.hex(text)
        case .sha256, .sha256Session: Digest.sha256.hex(text)
        case .sha512_256, .sha512_256Session: Digest.sha512_256.hex(text)
        }
    }

    func hex(_ bytes: [UInt8]) -> String {
        switch self {
        case .md5, .md5Session: Hexadecimal.encode(Digest.md5(bytes))
        case .sha256, .sha256Session: Hexadecimal.encode(Digest.sha256(bytes))
        case .sha512_256, .sha512_256Session: Hexadecimal.encode(Digest.sha512_256(bytes))
        }
    }
}

/// Quality of protection (RFC 7616 §3.3).
package enum QualityOfProtection: String, Sendable {
    case auth
    /// Also protects the body.
    case authInt = "auth-int"
}

/// The arithmetic of RFC 7616 §3.4.1, shared by client and server.
package struct DigestComputation {
    package var algorithm: DigestAlgorithm
    package var qop: QualityOfProtection?
    package var nonce: String
    /// The client's nonce; needed with a qop or a session algorithm.
    package var cnonce: String
    /// Uses of the nonce, this one included.
    package var nonceCount: UInt32
    package var method: String
    package var uri: String
    package var body: [UInt8]

    package init(
        algorithm: DigestAlgorithm,
        qop: QualityOfProtection?,
        nonce: String,
        cnonce: String,
        nonceCount: UInt32,
        method: String,
        uri: String,
        body: [UInt8] = []
    ) {
        self.algorithm = algorithm
        self.qop = qop
        self.nonce = nonce
        self.cnonce = cnonce
        self.nonceCount = nonceCount
        self.method = method
        self.uri = uri
        self.body = body
    }

    /// H(user:realm:password), the secret both sides keep.
    package static func ha1(_ algorithm: DigestAlgorithm, user: String, realm: String, password: String) -> String {
        algorithm.hex("\(user):\(realm):\(password)")
    }

    /// Eight hexadecimal digits, as `nc` wants them.
    package var nonceCountText: String {
        let hex = String(nonceCount, radix: 16)
        return String(repeating: "0", count: 8 - hex.utf8.count) + hex
    }

    /// The `response` field.
    package func response(ha1: String) -> String {
        let a1 = algorithm.isSession ? algorithm.hex("\(ha1):\(nonce):\(cnonce)") : ha1
        let a2 = qop == .authInt ? "\(method):\(uri):\(algorithm.hex(body))" : "\(method):\(uri)"
        let tail = qop.map { "\(nonceCountText):\(cnonce):\($0.rawValue):" } ?? ""
        return algorithm.hex("\(a1):\(nonce):\(tail)\(algorithm.hex(a2))")
    }
}
