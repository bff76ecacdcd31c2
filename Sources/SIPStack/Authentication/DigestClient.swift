package import SIPMessages
package import SansIO

/// What a user agent proves itself with.
package struct DigestCredentials: Sendable, Equatable {
    /// The secret, in the form the user gave it.
    package enum Secret: Sendable, Equatable {
        /// Good for any realm and algorithm.
        case password(Redacted<String>)
        /// H(user:realm:password) for one realm; MD5 by custom.
        case ha1(Redacted<String>, realm: String)
    }

    package var user: String
    package var secret: Secret

    package init(user: String, secret: Secret) {
        self.user = user
        self.secret = secret
    }
}

/// Answers digest challenges, each realm on its own, and reuses their nonces (RFC 3261 §22, RFC 7616, RFC 8760).
package struct DigestClient {
    /// Which of the two parties asks (RFC 3261 §22.2, §22.3).
    package enum Challenger: Hashable, Sendable {
        /// 401, WWW-Authenticate, Authorization.
        case server
        /// 407, Proxy-Authenticate, Proxy-Authorization.
        case proxy

        /// The header field of the answer.
        package var credentialsHeader: String { self == .server ? "Authorization" : "Proxy-Authorization" }
        var challengeHeader: String { self == .server ? "WWW-Authenticate" : "Proxy-Authenticate" }

        /// Who challenges with this response, if anybody does.
        package init?(statusCode: Int) {
            switch statusCode {
            case 401: self = .server
            case 407: self = .proxy
            default: return nil
            }
        }
    }

    /// Why a challenge is not answered.
    package enum Refusal: Error, Equatable {
        /// No credentials, or none for this realm.
        case noCredentials
        /// No challenge with an algorithm and qop that we know.
        case unsupported
        /// The answer to the same realm's nonce was refused: the credentials are wrong.
        case rejected
    }

    private struct Realm: Hashable {
        var challenger: Challenger
        var name: String
    }

    private struct Challenge {
        var algorithm: DigestAlgorithm
        var qop: QualityOfProtection?
        var nonce: String
        var opaque: String?
        var realm: String
        var nonceCount: UInt32 = 0
    }

    private var credentials: DigestCredentials?
    private var challenges: [Realm: Challenge] = [:]
    private var random: RandomSource

    package init(credentials: DigestCredentials?, random: RandomSource) {
        self.credentials = credentials
        self.random = random
    }

    /// Takes other credentials; what was learnt with the old ones is forgotten.
    package mutating func setCredentials(_ credentials: DigestCredentials?) {
        self.credentials = credentials
        challenges = [:]
    }

    /// Reads the challenges of a 401 or 407 and decides whether to try again.
    ///
    /// - Parameter attempted: The request that was challenged, with the credentials it carried.
    /// - Throws: ``Refusal``.
    package mutating func handle(_ response: SIPResponse, to attempted: SIPRequest) throws(Refusal) {
        guard let challenger = Challenger(statusCode: response.statusCode) else { throw .unsupported }
        guard credentials != nil else { throw .noCredentials }
        let offers = response.headers.lines(challenger.challengeHeader).compactMap(AuthenticationHeader.init)
        var best: (challenge: Challenge, isStale: Bool)?
        for offer in offers {
            guard let challenge = Self.challenge(offer), secretFits(challenge) else { continue }
            let isStale = offer["stale"]?.lowercased() == "true"
            if let best, best.challenge.algorithm >= challenge.algorithm { continue }
            best = (challenge, isStale)
        }
        guard let best else { throw .unsupported }
        // Credentials for this realm were in the request: only a stale nonce is worth another try (RFC 7616 §3.3).
        let answered = attempted.headers.lines(challenger.credentialsHeader).compactMap(AuthenticationHeader.init)
        if answered.contains(where: { $0["realm"] == best.challenge.realm && $0["nonce"] != nil }) {
            let isNewNonce = answered.allSatisfy { $0["nonce"] != best.challenge.nonce }
            guard best.isStale, isNewNonce else { throw .rejected }
        }
        challenges[Realm(challenger: challenger, name: best.challenge.realm)] = best.challenge
    }

    /// Adds credentials for every realm met so far, each with its nonce used once more.
    package mutating func authorise(_ request: inout SIPRequest) {
        guard let credentials else { return }
        for challenger in [Challenger.server, .proxy] { request.headers.remove(challenger.credentialsHeader) }
        for realm in challenges.keys.sorted(by: { $0.name < $1.name }) {
            guard var challenge = challenges[realm] else { continue }
            challenge.nonceCount &+= 1
            challenges[realm] = challenge
            let value = answer(challenge, for: request, credentials: credentials)
            request.headers.append(realm.challenger.credentialsHeader, value.description)
        }
    }

    private mutating func answer(
        _ challenge: Challenge,
        for request: SIPRequest,
        credentials: DigestCredentials
    ) -> AuthenticationHeader {
        let computation = DigestComputation(
            algorithm: challenge.algorithm,
            qop: challenge.qop,
            nonce: challenge.nonce,
            cnonce: random.string(count: 16),
            nonceCount: challenge.nonceCount,
            method: request.method.rawValue,
            uri: request.uri.description,
            body: request.body
        )
        let ha1 =
            switch credentials.secret {
            case .password(let password):
                DigestComputation.ha1(
                    challenge.algorithm,
                    user: credentials.user,
                    realm: challenge.realm,
                    password: password.exposed
                )
            case .ha1(let value, _): value.exposed
            }
        var fields: [AuthenticationHeader.Field] = [
            .init("algorithm", challenge.algorithm.rawValue, isQuoted: false),
            .init("username", credentials.user),
            .init("realm", challenge.realm),
            .init("nonce", challenge.nonce),
            .init("uri", request.uri.description),
            .init("response", computation.response(ha1: ha1)),
        ]
        if let opaque = challenge.opaque { fields.append(.init("opaque", opaque)) }
        if let qop = challenge.qop {
            fields.append(.init("qop", qop.rawValue, isQuoted: false))
            fields.append(.init("cnonce", computation.cnonce))
            fields.append(.init("nc", computation.nonceCountText, isQuoted: false))
        } else if challenge.algorithm.isSession {
            fields.append(.init("cnonce", computation.cnonce))
        }
        return AuthenticationHeader(fields: fields)
    }

    private func secretFits(_ challenge: Challenge) -> Bool {
        switch credentials?.secret {
        case .password: true
        case .ha1(_, let realm): realm == challenge.realm && challenge.algorithm < .sha256
        case nil: false
        }
    }

    /// A usable challenge, or `nil` for another scheme, algorithm or qop than we know.
    private static func challenge(_ header: AuthenticationHeader) -> Challenge? {
        guard header.scheme == "digest", let realm = header["realm"], let nonce = header["nonce"],
            let algorithm = DigestAlgorithm(field: header["algorithm"])
        else { return nil }
        var qop: QualityOfProtection?
        if let field = header["qop"], !field.isEmpty {
            let offered = field.split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() }
            // auth before auth-int: proxies may touch bodies.
            guard let choice = [QualityOfProtection.auth, .authInt].first(where: { offered.contains($0.rawValue) })
            else { return nil }
            qop = choice
        }
        return Challenge(algorithm: algorithm, qop: qop, nonce: nonce, opaque: header["opaque"], realm: realm)
    }
}
