import SIPMessages
import Testing

@Suite("SIP URIs, RFC 3261 §19.1")
struct SIPURITests {
    @Test(
        "are printed as they were read",
        arguments: [
            "sip:alice@example.com", "sips:alice:secret@example.com:5061;transport=tcp?subject=x&priority=urgent",
            "sip:[2001:db8::1]:5060", "sip:+1-212-555-1212:1234@gateway.example;user=phone", "sip:1.2.3.4.bar.example",
            "sip:#12@example.com", "sip:example.com:0", "sip:a_b.example.com;lr",
        ]
    )
    func roundTrip(text: String) throws {
        #expect(try #require(SIPURI(text)).description == text)
    }

    @Test(
        "that break the grammar are refused",
        arguments: [
            "", "sip:", "http:x@y", "sip:@example.com", "sip:a b@example.com", "sip:a@", "sip:a@1.2.3.444",
            "sip:a@exa mple.com", "sip:a@[::g]", "sip:a@example.com:99999", "sip:a@example.com;", "sip:a@ex..com",
            "sip:a@b:+5", "<sip:a@b>", "sip:a@b?x",
        ]
    )
    func refused(text: String) {
        #expect(SIPURI(text) == nil)
    }

    @Test("escape what a user part may not hold")
    func escapes() {
        #expect(SIPURI(user: "iñaki @x", host: "Example.COM").description == "sip:i%C3%B1aki%20%40x@example.com")
    }

    @Test("are equivalent by the rules of §19.1.4")
    func equivalence() throws {
        let uri = try #require(SIPURI("sip:%61lice@example.com;transport=TCP"))

        #expect(uri.isEquivalent(to: try #require(SIPURI("sip:alice@ExAmPle.com;Transport=tcp"))))
        #expect(!uri.isEquivalent(to: try #require(SIPURI("sip:ALICE@example.com;transport=tcp"))))
        #expect(!uri.isEquivalent(to: try #require(SIPURI("sip:alice@example.com"))))
        #expect(!uri.isEquivalent(to: try #require(SIPURI("sip:alice@example.com:5060;transport=tcp"))))
    }
}

@Suite("Header fields")
struct HeaderFieldTests {
    @Test("of addresses keep name, URI and parameters apart")
    func nameAddress() throws {
        let quoted = try #require(NameAddress(#" "Bob \"the\" \\ builder" <sip:b@x.example;a=1>;tag=77"#))
        let tokens = try #require(NameAddress("Bob   the\tBuilder <sip:b@x.example>"))

        #expect(quoted.displayName == #"Bob "the" \ builder"#)
        #expect(quoted.tag == "77")
        #expect(quoted.uri.sipURI?.parameters["a"] == "1")
        #expect(quoted.description == #""Bob \"the\" \\ builder" <sip:b@x.example;a=1>;tag=77"#)
        #expect(tokens.displayName == "Bob the Builder")
        #expect(try #require(NameAddress("<tel:+123>")).uri == .other(scheme: "tel", text: "tel:+123"))
    }

    @Test("in a list are split at commas that separate, and only at those")
    func list() {
        var headers = SIPHeaders()
        headers.append("Contact", #""A, B" <sip:a@x.example;c=1>, sip:b@y.example;q=0.5"#)
        headers.append("m", #"<sip:c@z.example>;+sip.instance="<urn:uuid:1,2>""#)

        guard case .addresses(let contacts) = headers.contacts else {
            Issue.record("no contacts")
            return
        }
        #expect(contacts.map { $0.uri.sipURI?.user } == ["a", "b", "c"])
        #expect(contacts[2].parameters["+sip.instance"] == #""<urn:uuid:1,2>""#)
    }

    @Test("of challenges are read however servers write them")
    func challenge() throws {
        let challenge = try #require(
            AuthenticationHeader(
                #"DIGEST  Realm="a \"b\" [c]" , NONCE="x",qop="auth, auth-int", Algorithm=md5,stale=TRUE"#
            )
        )
        let unquoted = try #require(AuthenticationHeader("Digest realm=\"r\", nonce=\"n\", qop=auth"))

        #expect(challenge["realm"] == #"a "b" [c]"#)
        #expect(challenge["qop"] == "auth, auth-int")
        #expect(challenge["stale"] == "TRUE")
        #expect(unquoted["qop"] == "auth")
    }

    @Test("with a line end in them are refused", arguments: ["a\r\nX: y", "a\n", "a\u{0}"])
    func injection(value: String) {
        var headers = SIPHeaders()

        #expect(throws: SIPHeaderInjection.self) { try headers.append(validating: "Subject", value) }
        #expect(headers.fields.isEmpty)
    }

    @Test("ten thousand of them are refused, a thousand are not")
    func many() {
        let message = { (count: Int) in
            Array(
                ("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
                    + "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                    + String(repeating: "X: y\r\n", count: count) + "\r\n").utf8
            )
        }

        guard case .discarded(let failure) = SIPMessageParser.parse(message(10_000)) else {
            Issue.record("accepted")
            return
        }
        #expect(failure.fault == .tooLarge)
        guard case .message = SIPMessageParser.parse(message(1000)) else {
            Issue.record("refused")
            return
        }
    }

    @Test("of a response with odd text in its reason phrase are read all the same")
    func reason() throws {
        let text =
            "SIP/2.0 480 Temp [x] 50% <\"#>\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nFrom: <tel:+1>;tag=1\r\n"
            + "To: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <<>>\r\n\r\n"
        guard case .message(.response(let response)) = SIPMessageParser.parse(Array(text.utf8)) else {
            Issue.record("dropped")
            return
        }

        #expect(response.statusCode == 480)
        #expect(response.reason == "Temp [x] 50% <\"#>")
        #expect(response.headers.contact == nil)
    }

    @Test("of line ends alone are keep-alive traffic", arguments: [("\r\n\r\n", true), ("\r\n", false)])
    func keepAlive(text: String, isPing: Bool) {
        #expect(SIPMessageParser.parse(Array(text.utf8)) == .keepAlive(isPing: isPing))
    }
}

@Suite("Request targets")
struct TargetNormaliserTests {
    private let domain = SIPURI(host: "jssip.example")

    @Test(
        "are made of what people type",
        arguments: [
            ("%61lice", "sip:alice@jssip.example"), ("ALICE", "sip:ALICE@jssip.example"),
            ("alice@DOMAIN.com", "sip:alice@domain.com"), ("iñaki", "sip:i%C3%B1aki@jssip.example"),
            ("€€€", "sip:%E2%82%AC%E2%82%AC%E2%82%AC@jssip.example"), ("iñaki@aliax.net", "sip:i%C3%B1aki@aliax.net"),
            ("SIP:iñaki@aliax.net:7070", "sip:i%C3%B1aki@aliax.net:7070"),
            ("SIPs:iñaki@aliax.net:7070", "sip:i%C3%B1aki@aliax.net:7070"),
            ("ibc@gmail.com@aliax.net", "sip:ibc%40gmail.com@aliax.net"),
            ("alice:passwd", "sip:alice:passwd@jssip.example"),
            ("SIP:alice:passwd@atlanta.com", "sip:alice:passwd@atlanta.com"), ("+1234", "sip:+1234@jssip.example"),
            ("*999", "sip:*999@jssip.example"), ("#999/?:1234", "sip:%23999/?:1234@jssip.example"),
            ("tel:+12345678", "sip:+12345678@jssip.example"), ("tel:(+34)-944-43-89", "sip:+349444389@jssip.example"),
            ("+123.456.78-9", "sip:+123456789@jssip.example"),
            ("+ALICE-123.456.78-9", "sip:+ALICE-123.456.78-9@jssip.example"),
            ("tel:+1 (555) 000", "sip:+1555000@jssip.example"),
        ]
    )
    func valid(target: String, expected: String) throws {
        #expect(try #require(TargetNormaliser.normalise(target, domain: domain)).description == expected)
    }

    @Test("that are unusable give nothing", arguments: ["", "alice@iñaki.com", ";;;;;@x;;;", "alice@", "sip:", "a@b@"])
    func invalid(target: String) {
        #expect(TargetNormaliser.normalise(target, domain: domain) == nil)
    }

    @Test("without a host need a domain")
    func noDomain() {
        #expect(TargetNormaliser.normalise("alice", domain: nil) == nil)
    }
}
