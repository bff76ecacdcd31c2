/// Why octets are no acceptable STUN message.
package enum STUNError: Error, Equatable, Sendable {
    /// The leading bits or the magic cookie are wrong.
    case notSTUN
    /// The length field does not fit the datagram.
    case wrongLength
    /// An attribute runs past the end.
    case truncatedAttribute
    /// The value of the attribute of this type has a wrong length, family or text.
    case malformedAttribute(UInt16)
    /// FINGERPRINT is not the last attribute.
    case attributeAfterFingerprint
}
