import SansIO
import Testing

@testable import STUN

@Suite("STUN test vectors, RFC 5769 §2")
struct RFC5769Tests {
    private let key = Array(Vectors.password.utf8)

    @Test("the request of §2.1 reads as printed")
    func request() throws {
        let message = try STUNMessage(parsing: Vectors.request)

        #expect(message.messageClass == .request)
        #expect(message.method == .binding)
        #expect(message.transactionID == Vectors.transactionID)
        #expect(
            message.attributes == [
                .software("STUN test client"), .priority(0x6E00_01FF), .iceControlled(0x932F_F9B1_5126_3B36),
                .username("evtj:h6vY"),
            ]
        )
        #expect(message.integrity(in: Vectors.request, key: key) == .valid)
        #expect(message.fingerprint(in: Vectors.request) == .valid)
    }

    @Test("the responses of §2.2 and §2.3 read as printed")
    func responses() throws {
        let ipv4 = try STUNMessage(parsing: Vectors.responseIPv4)
        let ipv6 = try STUNMessage(parsing: Vectors.responseIPv6)

        #expect(ipv4.messageClass == .successResponse)
        #expect(ipv4.mappedAddress == SocketAddress("192.0.2.1", port: 32853))
        #expect(ipv4.integrity(in: Vectors.responseIPv4, key: key) == .valid)
        #expect(ipv4.fingerprint(in: Vectors.responseIPv4) == .valid)
        #expect(ipv6.mappedAddress == SocketAddress("2001:db8:1234:5678:11:2233:4455:6677", port: 32853))
        #expect(ipv6.integrity(in: Vectors.responseIPv6, key: key) == .valid)
        #expect(ipv6.fingerprint(in: Vectors.responseIPv6) == .valid)
    }

    @Test("the request of §2.4 with long-term credentials is read, and written octet by octet")
    func longTerm() throws {
        let key = STUNLongTermKey.md5(
            username: Vectors.longTermUsername,
            realm: "example.org",
            password: "TheMatrIX"
        )
        let message = try STUNMessage(parsing: Vectors.longTermRequest)

        #expect(
            message.attributes == [
                .username(Vectors.longTermUsername), .nonce(Vectors.longTermNonce), .realm("example.org"),
            ]
        )
        #expect(message.integrity(in: Vectors.longTermRequest, key: key) == .valid)
        #expect(message.fingerprint(in: Vectors.longTermRequest) == .absent)
        #expect(message.encoded(integrityKey: key, fingerprint: false) == Vectors.longTermRequest)
    }

    @Test("vectors padded with spaces are written alike but for the padding and what it changes")
    func encodes() throws {
        for vector in [Vectors.request, Vectors.responseIPv4, Vectors.responseIPv6] {
            let message = try STUNMessage(parsing: vector)
            let encoded = message.encoded(integrityKey: key)
            let integrity = vector.count - 32

            #expect(encoded.count == vector.count)
            for index in 0..<integrity where encoded[index] != vector[index] {
                #expect(vector[index] == 0x20 && encoded[index] == 0)
            }
            #expect(try STUNMessage(parsing: encoded) == message)
        }
    }

    @Test("another key, and any changed octet, fails the integrity check")
    func tampering() throws {
        #expect(
            try STUNMessage(parsing: Vectors.request)
                .integrity(in: Vectors.request, key: Array("VOkJxbRl1RmTxUk/WvJxBT".utf8)) == .invalid
        )
        for index in Vectors.request.indices.dropLast(8) {
            var changed = Vectors.request
            changed[index] ^= 1
            guard let message = try? STUNMessage(parsing: changed) else { continue }
            #expect(message.integrity(in: changed, key: key) != .valid, "octet \(index)")
            #expect(message.fingerprint(in: changed) != .valid, "octet \(index)")
        }
    }

    @Test("a router sees type, transaction and user name without parsing")
    func peek() throws {
        let request = try #require(STUNPeek(Vectors.request))
        let response = try #require(STUNPeek(Vectors.responseIPv4))

        #expect(request.messageClass == .request && request.method == .binding)
        #expect(request.username == "evtj:h6vY")
        #expect(response.messageClass == .successResponse && response.username == nil)
        #expect(response.transactionID == Vectors.transactionID)
        #expect(STUNPeek(Vectors.request.dropLast(100)) == nil)
    }
}
