internal import SansIO

/// What a router of datagrams needs of a STUN message, without parsing or trusting the rest.
///
/// Allocates nothing but the user name. `nil` for what is not STUN.
package struct STUNPeek: Sendable {
    package let method: STUNMethod
    package let messageClass: STUNClass
    package let transactionID: STUNTransactionID
    /// The value of the first USERNAME.
    package let username: String?

    package init?(_ datagram: RawSpan) {
        guard STUNMessage.isSTUN(datagram) else { return nil }
        let type = datagram.uint16(at: 0)
        method = STUNMethod(messageType: type)
        messageClass = STUNClass(messageType: type)
        transactionID = STUNTransactionID(datagram, at: 8)
        username = Self.username(in: datagram)
    }

    private static func username(in datagram: RawSpan) -> String? {
        var reader = ByteReader(datagram)
        _ = reader.skip(STUNMessage.headerLength)
        while let type = reader.readUInt16(), let length = reader.readUInt16(),
            let value = reader.readSpan(count: Int(length)), reader.skip(-Int(length) & 3)
        {
            guard type == STUNAttributeType.username.rawValue else { continue }
            guard value.byteCount <= STUNAttribute.usernameLimit else { return nil }
            return unsafe value.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
        }
        return nil
    }
}
