import SansIO
import Testing

@testable import STUN

@Suite("STUN messages, RFC 8489 §5 and §14")
struct STUNMessageTests {
    private let id = STUNTransactionID(high: 1, low: 2)

    @Test("every method and class survives the interleaved type field")
    func types() {
        for method in 0..<UInt16(0x1000) {
            for messageClass in STUNClass.allCases {
                let type = STUNMethod(rawValue: method).messageType(messageClass)
                #expect(type & 0xC000 == 0)
                #expect(STUNMethod(messageType: type).rawValue == method)
                #expect(STUNClass(messageType: type) == messageClass)
            }
        }
    }

    @Test("every attribute is read as it was written", arguments: STUNIntegrityAlgorithm.allCases)
    func roundTrip(algorithm: STUNIntegrityAlgorithm) throws {
        let ipv4 = try #require(SocketAddress("203.0.113.9", port: 5))
        let ipv6 = try #require(SocketAddress("2001:db8::7", port: 65535))
        let message = STUNMessage(
            .errorResponse,
            method: STUNMethod(rawValue: 0xABC),
            transactionID: id,
            attributes: [
                .mappedAddress(ipv4), .xorMappedAddress(ipv6), .xorMappedAddress(ipv4), .mappedAddress(ipv6),
                .username("ab:c"), .errorCode(.roleConflict), .realm("r"), .nonce(""), .software("x y"),
                .unknownAttributes([1, 2, 3]), .alternateServer(ipv4), .priority(.max), .useCandidate,
                .iceControlled(.max), .iceControlling(7), .unknown(type: 0x7777, [1, 2, 3, 4, 5]),
            ]
        )
        let bytes = message.encoded(integrityKey: [1, 2, 3], algorithm: algorithm)
        let parsed = try STUNMessage(parsing: bytes)

        #expect(parsed == message)
        #expect(parsed.integrityAlgorithm == algorithm)
        #expect(parsed.integrity(in: bytes, key: [1, 2, 3]) == .valid)
        #expect(parsed.integrity(in: bytes, key: [1, 2, 4]) == .invalid)
        #expect(parsed.fingerprint(in: bytes) == .valid)
        #expect(parsed.unknownComprehensionRequired == [0x7777])
    }

    @Test("a request without attributes has no verdicts")
    func bare() throws {
        let bytes = STUNMessage(.request, transactionID: id).encoded(fingerprint: false)
        let message = try STUNMessage(parsing: bytes)

        #expect(bytes.count == 20)
        #expect(message.integrity(in: bytes, key: []) == .absent)
        #expect(message.fingerprint(in: bytes) == .absent)
    }

    @Test("attributes after the integrity attribute are ignored (§14.5)")
    func smuggled() throws {
        var bytes = STUNMessage(.request, transactionID: id, attributes: [.username("a:b")])
            .encoded(integrityKey: [1], fingerprint: false)
        bytes += [0x00, 0x25, 0x00, 0x00]
        bytes[3] += 4
        let message = try STUNMessage(parsing: bytes)

        #expect(!message.useCandidate)
        #expect(message.integrity(in: bytes, key: [1]) == .valid)
    }

    @Test("what follows FINGERPRINT is an error (§14.7)")
    func afterFingerprint() {
        var bytes = STUNMessage(.request, transactionID: id).encoded()
        bytes += [0x00, 0x25, 0x00, 0x00]
        bytes[3] += 4

        #expect(throws: STUNError.attributeAfterFingerprint) { try STUNMessage(parsing: bytes) }
    }

    @Test("malformed values are told by their type", arguments: MalformedAttribute.all)
    private func malformed(_ attribute: MalformedAttribute) {
        let bytes = STUNMessage(
            .request,
            transactionID: id,
            attributes: [.unknown(type: attribute.type, attribute.value)]
        )
        .encoded(fingerprint: false)

        #expect(throws: STUNError.malformedAttribute(attribute.type)) { try STUNMessage(parsing: bytes) }
    }

    @Test("no truncation parses, and none traps")
    func truncation() {
        for vector in [Vectors.request, Vectors.responseIPv4, Vectors.responseIPv6, Vectors.longTermRequest] {
            for length in 0..<vector.count {
                let cut = Array(vector[..<length])
                #expect(throws: STUNError.self) { try STUNMessage(parsing: cut) }
                _ = STUNPeek(cut)
            }
        }
    }

    @Test("20,000 damaged messages are read or refused, and what is read can be written")
    func mutation() throws {
        var random = RandomSource(seed: 0x5769)
        let vectors = [Vectors.request, Vectors.responseIPv4, Vectors.responseIPv6, Vectors.longTermRequest]
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = vectors[round % vectors.count]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                // The cookie stays most of the time, else nothing beyond it would be reached.
                let index = Int.random(in: 8..<bytes.count, using: &random)
                bytes[round % 50 == 0 ? index - 8 : index] = .random(in: .min ... .max, using: &random)
            }
            _ = STUNPeek(bytes)
            guard let message = try? STUNMessage(parsing: bytes) else { continue }
            accepted += 1
            _ = message.integrity(in: bytes, key: [1, 2, 3])
            _ = message.fingerprint(in: bytes)
            let written = message.encoded()
            #expect(try STUNMessage(parsing: written) == message, "round \(round)")
        }
        #expect(accepted > 1000)
    }
}

@Suite("STUN retransmission, RFC 8489 §6.2.1")
struct STUNRetransmissionTests {
    @Test("the RFC's own example: 0, 500, 1500, 3500, 7500, 15500, 31500 ms, failure at 39500 ms")
    func schedule() {
        var retransmission = STUNRetransmission(rto: .milliseconds(500), sentAt: .zero)
        var sent: [Double] = []
        var failed: Double?
        while failed == nil {
            let now = retransmission.deadline
            #expect(retransmission.advance(at: now - .nanoseconds(1)) == nil)
            switch retransmission.advance(at: now) {
            case .retransmit: sent.append(now.duration(since: .zero).inMilliseconds)
            case .timeOut: failed = now.duration(since: .zero).inMilliseconds
            case nil: break
            }
        }

        #expect(sent == [500, 1500, 3500, 7500, 15500, 31500])
        #expect(failed == 39500)
    }

    @Test("a request sent once is waited for as long as its last wait")
    func once() {
        var retransmission = STUNRetransmission(rto: .seconds(1), requests: 1, finalWaitFactor: 3, sentAt: .zero)

        #expect(retransmission.deadline == .zero + .seconds(3))
        #expect(retransmission.advance(at: .zero + .seconds(3)) == .timeOut)
    }
}

/// A value that its type does not allow.
private struct MalformedAttribute: Sendable {
    let type: UInt16
    let value: [UInt8]

    init(_ type: UInt16, _ value: [UInt8]) {
        self.type = type
        self.value = value
    }

    static let all: [MalformedAttribute] = [
        .init(0x0001, .init(repeating: 0, count: 7)), .init(0x0020, [0, 3, 0, 0, 0, 0, 0, 0]), .init(0x0024, [1]),
        .init(0x0025, [1, 2, 3, 4]), .init(0x8029, [1, 2, 3, 4]), .init(0x0009, [0, 0, 2, 0]),
        .init(0x0009, [0, 0, 4, 100]), .init(0x000A, [1]), .init(0x0006, [0xFF]),
        .init(0x0006, .init(repeating: 65, count: 514)), .init(0x0008, [1, 2, 3, 4]), .init(0x001C, [1, 2, 3, 4]),
        .init(0x8028, []),
    ]
}
