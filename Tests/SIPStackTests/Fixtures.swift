import SIPMessages
import SIPStack
import SansIO
import Testing

/// Shared pieces of the stack's tests: a user agent called alice and messages that parse.
enum Fixture {
    static let alice = SIPURI(user: "alice", host: "example.com")

    static func factory(seed: UInt64 = 1) -> RequestFactory {
        let identity = UserAgentIdentity(
            uri: alice,
            contact: SIPURI(user: "a1b2c3d4", host: "host1.invalid", parameters: ["transport": "ws"]),
            viaTransport: "WS",
            viaHost: "host1.invalid",
            userAgent: "Offhook"
        )
        return RequestFactory(identity: identity, random: RandomSource(seed: seed))
    }

    static func request(_ method: SIPMethod, factory: inout RequestFactory) -> SIPRequest {
        factory.makeRequest(
            method,
            uri: .sip(SIPURI(user: "bob", host: "example.com")),
            from: factory.makeFrom(),
            to: NameAddress(uri: SIPURI(user: "bob", host: "example.com")),
            callID: factory.makeCallID(),
            sequence: 1
        )
    }

    static func response(_ statusCode: Int, to request: SIPRequest, tag: String = "bobtag") -> SIPResponse {
        SIPResponse(to: request, statusCode: statusCode, toTag: statusCode == 100 ? nil : tag)
    }
}

extension MonotonicTime {
    static func seconds(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }
}
