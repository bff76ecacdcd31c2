package import SansIO

/// A STUN message (RFC 8489 §5; RFC 5389 on the wire).
///
/// Parsing checks lengths, address families and text; it says nothing about authenticity: ask ``fingerprint(in:)`` and
/// ``integrity(in:key:)`` with the octets the message came from.
package struct STUNMessage: Equatable, Sendable {
    package var method: STUNMethod
    package var messageClass: STUNClass
    package var transactionID: STUNTransactionID
    /// In the order of the wire, without the integrity and fingerprint attributes.
    package var attributes: [STUNAttribute]
    /// Where the trailing checksums lie in the parsed octets.
    private(set) var trailer = STUNTrailer()

    package init(
        _ messageClass: STUNClass,
        method: STUNMethod = .binding,
        transactionID: STUNTransactionID,
        attributes: [STUNAttribute] = []
    ) {
        self.method = method
        self.messageClass = messageClass
        self.transactionID = transactionID
        self.attributes = attributes
    }

    /// Compares what a message says, not how it was protected.
    package static func == (left: STUNMessage, right: STUNMessage) -> Bool {
        left.method == right.method && left.messageClass == right.messageClass
            && left.transactionID == right.transactionID && left.attributes == right.attributes
    }

    /// Whether a datagram is STUN as far as sharing a port with other protocols goes (RFC 8489 §5, RFC 7983 §7).
    ///
    /// Looks at the two leading zero bits and the magic cookie only.
    package static func isSTUN(_ datagram: RawSpan) -> Bool {
        datagram.byteCount >= headerLength && datagram.byte(at: 0) & 0xC0 == 0
            && datagram.uint32(at: 4) == magicCookie
    }

    // MARK: Parsing

    /// Parses one datagram.
    package init(parsing datagram: RawSpan) throws(STUNError) {
        guard Self.isSTUN(datagram) else { throw .notSTUN }
        guard Int(datagram.uint16(at: 2)) == datagram.byteCount - Self.headerLength, datagram.byteCount % 4 == 0 else {
            throw .wrongLength
        }
        let type = datagram.uint16(at: 0)
        method = STUNMethod(messageType: type)
        messageClass = STUNClass(messageType: type)
        transactionID = STUNTransactionID(datagram, at: 8)
        attributes = []
        var reader = ByteReader(datagram)
        _ = reader.skip(Self.headerLength)
        while reader.remaining > 0 { try parseAttribute(&reader) }
    }

    private mutating func parseAttribute(_ reader: inout ByteReader) throws(STUNError) {
        let start = reader.offset
        guard let type = reader.readUInt16(), let length = reader.readUInt16(),
            let value = reader.readSpan(count: Int(length)),
            reader.skip(-Int(length) & 3)
        else { throw .truncatedAttribute }
        // "The FINGERPRINT attribute MUST be the last attribute in the message" (RFC 8489 §14.7).
        guard trailer.fingerprint == nil else { throw .attributeAfterFingerprint }
        switch STUNAttributeType(rawValue: type) {
        case .messageIntegrity:
            guard length == STUNTrailer.sha1Length else { throw .malformedAttribute(type) }
            // What follows an integrity attribute is ignored but for a stronger one and FINGERPRINT (§14.5, §14.6).
            guard trailer.sha1 == nil, trailer.sha256 == nil else { return }
            trailer.sha1 = start
        case .messageIntegritySHA256:
            guard (16...32).contains(length), length % 4 == 0 else { throw .malformedAttribute(type) }
            guard trailer.sha256 == nil else { return }
            trailer.sha256 = start
        case .fingerprint:
            guard length == 4 else { throw .malformedAttribute(type) }
            trailer.fingerprint = start
        case let known:
            guard trailer.sha1 == nil, trailer.sha256 == nil else { return }
            attributes.append(try STUNAttribute(type: type, known: known, value: value, transactionID: transactionID))
        }
    }

    // MARK: Serialising

    /// The octets to send.
    ///
    /// - Parameters:
    ///   - integrityKey: Key of the integrity attribute; `nil` for none.
    ///   - algorithm: Which integrity attribute it is.
    ///   - fingerprint: Whether FINGERPRINT ends the message, as ICE demands (RFC 8445 §7.1).
    package func encoded(
        integrityKey: [UInt8]? = nil,
        algorithm: STUNIntegrityAlgorithm = .sha1,
        fingerprint: Bool = true
    ) -> [UInt8] {
        var writer = ByteWriter(capacity: 160)
        writer.write(method.messageType(messageClass))
        writer.write(UInt16(0))
        writer.write(Self.magicCookie)
        transactionID.write(to: &writer)
        for attribute in attributes { attribute.write(to: &writer, transactionID: transactionID) }
        writer.overwrite(UInt16(truncatingIfNeeded: writer.count - Self.headerLength), at: 2)
        if let integrityKey { STUNTrailer.appendIntegrity(algorithm, key: integrityKey, to: &writer) }
        if fingerprint { STUNTrailer.appendFingerprint(to: &writer) }
        return writer.bytes
    }

    package static let headerLength = 20
    package static let magicCookie: UInt32 = 0x2112_A442
}

// MARK: - Authenticity

extension STUNMessage {
    /// What came of looking at a checksum.
    package enum Verdict: Sendable {
        case absent, valid, invalid
    }

    /// The integrity attributes the message carries, the strongest one first.
    package var integrityAlgorithm: STUNIntegrityAlgorithm? {
        if trailer.sha256 != nil { return .sha256 }
        return trailer.sha1 == nil ? nil : .sha1
    }

    /// Whether the integrity attribute matches (RFC 8489 §14.5, §14.6); of two, the stronger counts.
    ///
    /// - Parameters:
    ///   - datagram: The octets this message was parsed from.
    ///   - key: The password for short-term credentials, ``STUNLongTermKey`` for long-term ones.
    package func integrity(in datagram: RawSpan, key: [UInt8]) -> Verdict {
        trailer.integrity(in: datagram, key: key)
    }

    /// Whether FINGERPRINT matches (RFC 8489 §14.7).
    ///
    /// - Parameter datagram: The octets this message was parsed from.
    package func fingerprint(in datagram: RawSpan) -> Verdict { trailer.fingerprint(in: datagram) }
}

// MARK: - Attributes by name

extension STUNMessage {
    package var username: String? { first { if case .username(let value) = $0 { value } else { nil } } }

    package var errorCode: STUNErrorCode? { first { if case .errorCode(let value) = $0 { value } else { nil } } }

    package var priority: UInt32? { first { if case .priority(let value) = $0 { value } else { nil } } }

    package var iceControlled: UInt64? { first { if case .iceControlled(let value) = $0 { value } else { nil } } }

    package var iceControlling: UInt64? { first { if case .iceControlling(let value) = $0 { value } else { nil } } }

    package var useCandidate: Bool { attributes.contains(.useCandidate) }

    /// The reflexive address: XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS from servers older than RFC 5389.
    package var mappedAddress: SocketAddress? {
        first { if case .xorMappedAddress(let value) = $0 { value } else { nil } }
            ?? first { if case .mappedAddress(let value) = $0 { value } else { nil } }
    }

    /// The types that must be understood and are not (RFC 8489 §6.3.1, §15), each once.
    package var unknownComprehensionRequired: [UInt16] {
        var types: [UInt16] = []
        for case .unknown(let type, _) in attributes where type < 0x8000 && !types.contains(type) {
            types.append(type)
        }
        return types
    }

    /// Of several attributes of one type only the first counts (RFC 8489 §14).
    private func first<Value>(_ value: (STUNAttribute) -> Value?) -> Value? {
        for attribute in attributes {
            if let value = value(attribute) { return value }
        }
        return nil
    }
}
