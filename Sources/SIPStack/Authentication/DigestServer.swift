internal import Digests
package import SIPMessages
package import SansIO

/// Challenges requests and checks what comes back (RFC 3261 §22, RFC 7616 §3.4.6, RFC 8760).
///
/// Nonces carry their expiry and a code over it, so nothing is stored for a challenge that nobody answers; for those in
/// use the highest nonce count is kept, which makes each answer good once.
package struct DigestServer {
    /// What became of a request's credentials.
    package enum Verdict: Equatable {
        /// They are right, for this user.
        case accepted(user: String)
        /// None for this realm, or of an unknown kind: challenge.
        case missing
        /// Right, but for a nonce that has expired: challenge with `stale=true`.
        case stale
        /// Wrong.
        case rejected
    }

    private let realm: String
    private let secret: [UInt8]
    private let lifetime: Duration
    private var uses: [String: (count: UInt32, expiry: MonotonicTime)] = [:]
    private var random: RandomSource

    package init(realm: String, lifetime: Duration = .seconds(300), random: RandomSource) {
        self.realm = realm
        self.lifetime = lifetime
        self.random = random
        secret = self.random.bytes(count: 32)
    }

    /// Adds the challenges to a 401 or 407, strongest first (RFC 8760 §2.4).
    package mutating func challenge(_ response: inout SIPResponse, stale: Bool, at now: MonotonicTime) {
        let header = response.statusCode == 407 ? "Proxy-Authenticate" : "WWW-Authenticate"
        let nonce = makeNonce(at: now)
        for algorithm in [DigestAlgorithm.sha256, .md5] {
            var fields: [AuthenticationHeader.Field] = [
                .init("realm", realm), .init("nonce", nonce), .init("qop", "auth"),
                .init("algorithm", algorithm.rawValue, isQuoted: false),
            ]
            if stale { fields.append(.init("stale", "true", isQuoted: false)) }
            response.headers.append(header, AuthenticationHeader(fields: fields).description)
        }
    }

    /// Checks a request's credentials.
    ///
    /// - Parameter password: The password of a user, or `nil` for an unknown one.
    package mutating func verify(
        _ request: SIPRequest,
        from challenger: DigestClient.Challenger,
        at now: MonotonicTime,
        password: (String) -> Redacted<String>?
    ) -> Verdict {
        let candidates = request.headers.lines(challenger.credentialsHeader).compactMap(AuthenticationHeader.init)
        guard let header = candidates.first(where: { $0.scheme == "digest" && $0["realm"] == realm }),
            let algorithm = DigestAlgorithm(field: header["algorithm"]),
            let user = header["username"], let nonce = header["nonce"], let uri = header["uri"],
            let answer = header["response"], let cnonce = header["cnonce"],
            let qop = header["qop"].flatMap({ QualityOfProtection(rawValue: $0.lowercased()) }),
            let count = header["nc"].flatMap({ UInt32($0, radix: 16) })
        else { return .missing }
        guard let expiry = expiry(of: nonce), let password = password(user) else { return .rejected }
        let computation = DigestComputation(
            algorithm: algorithm,
            qop: qop,
            nonce: nonce,
            cnonce: cnonce,
            nonceCount: count,
            method: request.method.rawValue,
            uri: uri,
            body: request.body
        )
        let ha1 = DigestComputation.ha1(algorithm, user: user, realm: realm, password: password.exposed)
        guard ConstantTime.equal(Array(computation.response(ha1: ha1).utf8), Array(answer.lowercased().utf8)) else {
            return .rejected
        }
        guard now < expiry else { return .stale }
        uses = uses.filter { $0.value.expiry > now }
        guard count > (uses[nonce]?.count ?? 0) else { return .stale }  // an answer seen before
        uses[nonce] = (count, expiry)
        return .accepted(user: user)
    }

    private mutating func makeNonce(at now: MonotonicTime) -> String {
        let expiry = String((now + lifetime).nanoseconds, radix: 16)
        let salt = Hexadecimal.encode(random.bytes(count: 8))
        return "\(expiry).\(salt).\(code(expiry, salt))"
    }

    /// When one of our own nonces expires; `nil` for one that is not ours.
    private func expiry(of nonce: String) -> MonotonicTime? {
        let parts = nonce.split(separator: ".").map(String.init)
        guard parts.count == 3, let nanoseconds = Int64(parts[0], radix: 16),
            ConstantTime.equal(Array(parts[2].utf8), Array(code(parts[0], parts[1]).utf8))
        else { return nil }
        return MonotonicTime(nanoseconds: nanoseconds)
    }

    private func code(_ expiry: String, _ salt: String) -> String {
        Hexadecimal.encode(HMAC.sha256(key: secret, Array("\(expiry).\(salt)".utf8)).prefix(16))
    }
}
