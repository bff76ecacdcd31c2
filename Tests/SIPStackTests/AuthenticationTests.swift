import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Digest authentication, RFC 7616 and RFC 8760")
struct DigestComputationTests {
    private func response(
        _ algorithm: DigestAlgorithm,
        user: String,
        realm: String,
        password: String,
        qop: QualityOfProtection?,
        nonce: String,
        cnonce: String,
        method: String,
        uri: String,
        body: String = ""
    ) -> String {
        DigestComputation(
            algorithm: algorithm,
            qop: qop,
            nonce: nonce,
            cnonce: cnonce,
            nonceCount: 1,
            method: method,
            uri: uri,
            body: Array(body.utf8)
        ).response(ha1: DigestComputation.ha1(algorithm, user: user, realm: realm, password: password))
    }

    @Test("computes the example of RFC 2617 §3.5")
    func rfc2617() {
        let value = response(
            .md5,
            user: "Mufasa",
            realm: "testrealm@host.com",
            password: "Circle Of Life",
            qop: .auth,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "0a4f113b",
            method: "GET",
            uri: "/dir/index.html"
        )

        #expect(value == "6629fae49393a05397450978507c4ef1")
    }

    @Test(
        "computes the examples of RFC 7616 §3.9.1",
        arguments: [
            (DigestAlgorithm.md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (.sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ]
    )
    func rfc7616(algorithm: DigestAlgorithm, expected: String) {
        let value = response(
            algorithm,
            user: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
            qop: .auth,
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            method: "GET",
            uri: "/dir/index.html"
        )

        #expect(value == expected)
    }

    @Test(
        "computes what JsSIP's own tests expect",
        arguments: [
            (nil, "", "f99e05f591f147facbc94ff23b4b1dee"),
            (.auth, "", "a69b9c2ea0dea1437a21df6ddc9b05e4"),
            (.authInt, "", "82b3cab8b1c4df404434db6a0581650c"),
            (.authInt, "TEST BODY", "7bf0e9de3fbb5da121974509d617f532"),
        ] as [(QualityOfProtection?, String, String)]
    )
    func jssip(qop: QualityOfProtection?, body: String, expected: String) {
        let value = response(
            .md5,
            user: "testuser",
            realm: "testrealm@host.com",
            password: "testpassword",
            qop: qop,
            nonce: "5a071f75353f667787615249c62dcc7b15a4828f",
            cnonce: "0a4f113b",
            method: "REGISTER",
            uri: "sip:testrealm@host.com",
            body: body
        )

        #expect(value == expected)
    }
}

@Suite("Digest client and server, RFC 3261 §22")
struct DigestExchangeTests {
    private func client(_ password: String = "secret") -> DigestClient {
        DigestClient(
            credentials: DigestCredentials(user: "alice", secret: .password(Redacted(password))),
            random: RandomSource(seed: 1)
        )
    }

    private func server() -> DigestServer { DigestServer(realm: "example.com", random: RandomSource(seed: 2)) }

    private func challenged(_ request: SIPRequest, by headers: [(String, String)], statusCode: Int = 401) -> SIPResponse
    {
        var response = Fixture.response(statusCode, to: request)
        for (name, value) in headers { response.headers.append(name, value) }
        return response
    }

    private func password(_ user: String) -> Redacted<String>? { user == "alice" ? Redacted("secret") : nil }

    @Test("agree, by the stronger of two algorithms, and reuse the nonce")
    func agreement() throws {
        var factory = Fixture.factory()
        var (client, server) = (client(), server())
        var request = Fixture.request(.register, factory: &factory)
        #expect(server.verify(request, from: .server, at: .zero, password: password) == .missing)
        var challenge = Fixture.response(401, to: request)
        server.challenge(&challenge, stale: false, at: .zero)

        try client.handle(challenge, to: request)
        client.authorise(&request)
        let first = server.verify(request, from: .server, at: .seconds(1), password: password)
        let replayed = server.verify(request, from: .server, at: .seconds(1), password: password)
        client.authorise(&request)
        let second = server.verify(request, from: .server, at: .seconds(2), password: password)

        #expect(request.headers["Authorization"]?.contains("SHA-256") == true)
        #expect(request.headers["Authorization"]?.contains("nc=00000002") == true)
        #expect(first == .accepted(user: "alice"))
        #expect(replayed == .stale)
        #expect(second == .accepted(user: "alice"))
    }

    @Test("disagree over a wrong password, an unknown user, a foreign nonce")
    func disagreement() throws {
        var factory = Fixture.factory()
        var (client, server) = (client("wrong"), server())
        var request = Fixture.request(.register, factory: &factory)
        var challenge = Fixture.response(401, to: request)
        server.challenge(&challenge, stale: false, at: .zero)
        try client.handle(challenge, to: request)
        client.authorise(&request)

        #expect(server.verify(request, from: .server, at: .zero, password: password) == .rejected)
        #expect(server.verify(request, from: .server, at: .zero) { _ in nil } == .rejected)
        var other = DigestServer(realm: "example.com", random: RandomSource(seed: 3))
        #expect(other.verify(request, from: .server, at: .zero) { _ in Redacted("wrong") } == .rejected)
        #expect(throws: DigestClient.Refusal.rejected) { try client.handle(challenge, to: request) }
    }

    @Test("go on when the nonce has expired, once for each new nonce")
    func stale() throws {
        var factory = Fixture.factory()
        var (client, server) = (client(), server())
        var request = Fixture.request(.register, factory: &factory)
        var challenge = Fixture.response(401, to: request)
        server.challenge(&challenge, stale: false, at: .zero)
        try client.handle(challenge, to: request)
        client.authorise(&request)
        #expect(server.verify(request, from: .server, at: .seconds(301), password: password) == .stale)

        var again = Fixture.response(401, to: request)
        server.challenge(&again, stale: true, at: .seconds(301))
        try client.handle(again, to: request)
        client.authorise(&request)

        #expect(
            server.verify(request, from: .server, at: .seconds(302), password: password) == .accepted(user: "alice")
        )
    }

    @Test("of a proxy and a registrar behind it are both answered, and both kept")
    func chain() throws {
        var factory = Fixture.factory()
        var client = client()
        var request = Fixture.request(.register, factory: &factory)
        let proxy = challenged(request, by: [("Proxy-Authenticate", #"Digest realm="p", nonce="1""#)], statusCode: 407)
        try client.handle(proxy, to: request)
        client.authorise(&request)
        let server = challenged(
            request,
            by: [("WWW-Authenticate", #"Digest realm="r", nonce="2", qop="auth, auth-int""#)]
        )

        try client.handle(server, to: request)
        client.authorise(&request)

        #expect(request.headers["Proxy-Authorization"]?.contains(#"realm="p""#) == true)
        #expect(request.headers["Authorization"]?.contains("qop=auth,") == true)
    }

    @Test("take the strongest challenge wherever it stands, and only ones they understand")
    func choice() throws {
        var factory = Fixture.factory()
        var client = client()
        var request = Fixture.request(.register, factory: &factory)
        let response = challenged(
            request,
            by: [
                ("WWW-Authenticate", #"Basic realm="r""#),
                ("WWW-Authenticate", #"Digest realm="r", nonce="a", algorithm=SHA-512-256"#),
                ("WWW-Authenticate", #"Digest realm="r", nonce="b", algorithm=MD5"#),
                ("WWW-Authenticate", #"Digest realm="r", nonce="c", algorithm=ROT13"#),
            ]
        )

        try client.handle(response, to: request)
        client.authorise(&request)

        #expect(request.headers["Authorization"]?.contains(#"nonce="a""#) == true)
        let useless = challenged(request, by: [("WWW-Authenticate", #"Digest realm="r", nonce="c", algorithm=ROT13"#)])
        #expect(throws: DigestClient.Refusal.unsupported) { try client.handle(useless, to: request) }
    }

    @Test("without credentials leave the challenge to the caller")
    func noCredentials() {
        var factory = Fixture.factory()
        var client = DigestClient(credentials: nil, random: RandomSource(seed: 1))
        let request = Fixture.request(.register, factory: &factory)
        let response = challenged(request, by: [("WWW-Authenticate", #"Digest realm="r", nonce="a""#)])

        #expect(throws: DigestClient.Refusal.noCredentials) { try client.handle(response, to: request) }
    }

    @Test("with a hash for one realm answer that realm alone")
    func ha1() throws {
        var factory = Fixture.factory()
        let secret = DigestCredentials.Secret.ha1(Redacted("0123"), realm: "r")
        var client = DigestClient(
            credentials: DigestCredentials(user: "alice", secret: secret),
            random: RandomSource(seed: 1)
        )
        let request = Fixture.request(.register, factory: &factory)

        try client.handle(challenged(request, by: [("WWW-Authenticate", #"Digest realm="r", nonce="a""#)]), to: request)

        let other = challenged(request, by: [("WWW-Authenticate", #"Digest realm="s", nonce="a""#)])
        #expect(throws: DigestClient.Refusal.unsupported) { try client.handle(other, to: request) }
    }
}
