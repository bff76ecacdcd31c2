package import SansIO

/// One attribute of a STUN message, without the integrity and fingerprint attributes, which ``STUNMessage`` handles.
package enum STUNAttribute: Equatable, Sendable {
    /// MAPPED-ADDRESS (RFC 8489 §14.1).
    case mappedAddress(SocketAddress)
    /// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
    case xorMappedAddress(SocketAddress)
    /// USERNAME (RFC 8489 §14.3).
    case username(String)
    /// ERROR-CODE (RFC 8489 §14.8).
    case errorCode(STUNErrorCode)
    /// REALM (RFC 8489 §14.9).
    case realm(String)
    /// NONCE (RFC 8489 §14.10).
    case nonce(String)
    /// UNKNOWN-ATTRIBUTES (RFC 8489 §14.13).
    case unknownAttributes([UInt16])
    /// SOFTWARE (RFC 8489 §14.14).
    case software(String)
    /// ALTERNATE-SERVER (RFC 8489 §14.15).
    case alternateServer(SocketAddress)
    /// PRIORITY (RFC 8445 §16.1).
    case priority(UInt32)
    /// USE-CANDIDATE (RFC 8445 §16.1).
    case useCandidate
    /// ICE-CONTROLLED and its tie-breaker (RFC 8445 §16.1).
    case iceControlled(UInt64)
    /// ICE-CONTROLLING and its tie-breaker (RFC 8445 §16.1).
    case iceControlling(UInt64)
    /// Any other type, TURN's among them, as it came.
    case unknown(type: UInt16, [UInt8])
}

/// The attribute types this module reads and writes (RFC 8489 §18.3, RFC 8445 §20.1).
enum STUNAttributeType: UInt16 {
    case mappedAddress = 0x0001
    case username = 0x0006
    case messageIntegrity = 0x0008
    case errorCode = 0x0009
    case unknownAttributes = 0x000A
    case realm = 0x0014
    case nonce = 0x0015
    case messageIntegritySHA256 = 0x001C
    case xorMappedAddress = 0x0020
    case priority = 0x0024
    case useCandidate = 0x0025
    case software = 0x8022
    case alternateServer = 0x8023
    case fingerprint = 0x8028
    case iceControlled = 0x8029
    case iceControlling = 0x802A
}

/// ERROR-CODE: a number from 300 to 699 and a phrase for humans.
package struct STUNErrorCode: Equatable, Sendable {
    package let code: Int
    package let reason: String

    /// - Parameter code: 300 to 699.
    package init(code: Int, reason: String) {
        precondition((300...699).contains(code), "a STUN error code lies in 300...699")
        self.code = code
        self.reason = reason
    }

    package static let badRequest = STUNErrorCode(code: 400, reason: "Bad Request")
    package static let unauthenticated = STUNErrorCode(code: 401, reason: "Unauthenticated")
    package static let unknownAttribute = STUNErrorCode(code: 420, reason: "Unknown Attribute")
    /// RFC 8445 §7.3.1.1.
    package static let roleConflict = STUNErrorCode(code: 487, reason: "Role Conflict")
}

// MARK: - Parsing

extension STUNAttribute {
    init(
        type: UInt16,
        known: STUNAttributeType?,
        value: RawSpan,
        transactionID: STUNTransactionID
    ) throws(STUNError) {
        guard let attribute = Self.parse(type, known, value, transactionID) else { throw .malformedAttribute(type) }
        self = attribute
    }

    private static func parse(
        _ type: UInt16,
        _ known: STUNAttributeType?,
        _ value: RawSpan,
        _ transactionID: STUNTransactionID
    ) -> STUNAttribute? {
        switch known {
        case .mappedAddress: address(value, mask: nil).map { .mappedAddress($0) }
        case .xorMappedAddress: address(value, mask: transactionID).map { .xorMappedAddress($0) }
        case .alternateServer: address(value, mask: nil).map { .alternateServer($0) }
        case .username: text(value, limit: STUNAttribute.usernameLimit).map { .username($0) }
        case .realm: text(value, limit: textLimit).map { .realm($0) }
        case .nonce: text(value, limit: textLimit).map { .nonce($0) }
        case .software: text(value, limit: textLimit).map { .software($0) }
        case .errorCode: errorCode(value).map { .errorCode($0) }
        case .unknownAttributes: types(value).map { .unknownAttributes($0) }
        case .priority: value.byteCount == 4 ? .priority(value.uint32(at: 0)) : nil
        case .useCandidate: value.byteCount == 0 ? .useCandidate : nil
        case .iceControlled: tieBreaker(value).map { .iceControlled($0) }
        case .iceControlling: tieBreaker(value).map { .iceControlling($0) }
        case .messageIntegrity, .messageIntegritySHA256, .fingerprint, nil: .unknown(type: type, value.copied())
        }
    }

    private static func address(_ value: RawSpan, mask: STUNTransactionID?) -> SocketAddress? {
        guard value.byteCount >= 8 else { return nil }
        let portMask = mask == nil ? 0 : UInt16(truncatingIfNeeded: STUNMessage.magicCookie >> 16)
        let cookie = mask == nil ? 0 : STUNMessage.magicCookie
        let port = value.uint16(at: 2) ^ portMask
        switch (value.byte(at: 1), value.byteCount) {
        case (familyIPv4, 8):
            return SocketAddress(ip: .v4(value.uint32(at: 4) ^ cookie), port: port)
        case (familyIPv6, 20):
            let high = UInt64(value.uint32(at: 4) ^ cookie) << 32 | UInt64(value.uint32(at: 8) ^ (mask?.high ?? 0))
            let low = UInt64(value.uint32(at: 12)) << 32 | UInt64(value.uint32(at: 16))
            return SocketAddress(ip: .v6(high, low ^ (mask?.low ?? 0), scope: 0), port: port)
        default:
            return nil
        }
    }

    private static func text(_ value: RawSpan, limit: Int) -> String? {
        guard value.byteCount <= limit else { return nil }
        return String(validating: value.copied(), as: UTF8.self)
    }

    private static func errorCode(_ value: RawSpan) -> STUNErrorCode? {
        guard value.byteCount >= 4 else { return nil }
        let (hundreds, rest) = (Int(value.byte(at: 2) & 0x7), Int(value.byte(at: 3)))
        guard (3...6).contains(hundreds), rest < 100 else { return nil }
        // Nobody but a log reads the phrase, so it may be damaged.
        let reason = String(decoding: value.extracting(4..<value.byteCount).copied(), as: UTF8.self)
        return STUNErrorCode(code: hundreds * 100 + rest, reason: reason)
    }

    private static func types(_ value: RawSpan) -> [UInt16]? {
        guard value.byteCount % 2 == 0 else { return nil }
        return stride(from: 0, to: value.byteCount, by: 2).map { value.uint16(at: $0) }
    }

    private static func tieBreaker(_ value: RawSpan) -> UInt64? {
        guard value.byteCount == 8 else { return nil }
        return UInt64(value.uint32(at: 0)) << 32 | UInt64(value.uint32(at: 4))
    }

    /// Octets of USERNAME at most (RFC 5389 §15.3; RFC 8489 §14.3 has 509).
    static let usernameLimit = 513
    /// Octets of REALM, NONCE and SOFTWARE at most (RFC 8489 §14.9).
    private static let textLimit = 763
    private static let familyIPv4: UInt8 = 1
    private static let familyIPv6: UInt8 = 2
}

// MARK: - Serialising

extension STUNAttribute {
    func write(to writer: inout ByteWriter, transactionID: STUNTransactionID) {
        let start = writer.count
        writer.write(type)
        writer.write(UInt16(0))
        switch self {
        case .mappedAddress(let address), .alternateServer(let address):
            Self.write(address, mask: nil, to: &writer)
        case .xorMappedAddress(let address):
            Self.write(address, mask: transactionID, to: &writer)
        case .username(let text), .realm(let text), .nonce(let text), .software(let text):
            writer.write(contentsOf: text.utf8)
        case .errorCode(let error):
            writer.write(UInt16(0))
            writer.write(UInt8(error.code / 100))
            writer.write(UInt8(error.code % 100))
            writer.write(contentsOf: error.reason.utf8)
        case .unknownAttributes(let types):
            for type in types { writer.write(type) }
        case .priority(let priority):
            writer.write(priority)
        case .useCandidate:
            break
        case .iceControlled(let tieBreaker), .iceControlling(let tieBreaker):
            writer.write(tieBreaker)
        case .unknown(_, let bytes):
            writer.write(contentsOf: bytes)
        }
        let length = writer.count - start - 4
        writer.overwrite(UInt16(truncatingIfNeeded: length), at: start + 2)
        writer.writeZeros(-length & 3)
    }

    /// The type as the wire has it.
    private var type: UInt16 {
        let known: STUNAttributeType
        switch self {
        case .mappedAddress: known = .mappedAddress
        case .xorMappedAddress: known = .xorMappedAddress
        case .username: known = .username
        case .errorCode: known = .errorCode
        case .realm: known = .realm
        case .nonce: known = .nonce
        case .unknownAttributes: known = .unknownAttributes
        case .software: known = .software
        case .alternateServer: known = .alternateServer
        case .priority: known = .priority
        case .useCandidate: known = .useCandidate
        case .iceControlled: known = .iceControlled
        case .iceControlling: known = .iceControlling
        case .unknown(let type, _): return type
        }
        return known.rawValue
    }

    private static func write(_ address: SocketAddress, mask: STUNTransactionID?, to writer: inout ByteWriter) {
        let cookie = mask == nil ? 0 : STUNMessage.magicCookie
        writer.write(UInt8(0))
        writer.write(address.ip.isIPv6 ? familyIPv6 : familyIPv4)
        writer.write(address.port ^ UInt16(truncatingIfNeeded: cookie >> 16))
        switch address.ip {
        case .v4(let bits):
            writer.write(bits ^ cookie)
        case .v6(let high, let low, _):
            writer.write(high ^ (UInt64(cookie) << 32 | UInt64(mask?.high ?? 0)))
            writer.write(low ^ (mask?.low ?? 0))
        }
    }
}
