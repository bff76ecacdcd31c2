/// The method of a STUN message: 12 bits (RFC 8489 §5).
package struct STUNMethod: Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue & 0xFFF }

    package static let binding = STUNMethod(rawValue: 0x001)
}

/// The class of a STUN message (RFC 8489 §5).
package enum STUNClass: UInt16, Hashable, Sendable, CaseIterable {
    case request = 0
    case indication = 1
    case successResponse = 2
    case errorResponse = 3
}

// The 14 bits of the message type interleave method (M) and class (C), RFC 8489 figure 3:
//
//     13 12 11 10  9  8  7  6  5  4  3  2  1  0
//     M  M  M  M  M  C1 M  M  M  C0 M  M  M  M

extension STUNMethod {
    /// Takes the method out of a message type.
    init(messageType type: UInt16) {
        self.init(rawValue: type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2)
    }

    /// The message type of this method in a class.
    func messageType(_ messageClass: STUNClass) -> UInt16 {
        let bits = messageClass.rawValue
        return rawValue & 0x000F | (rawValue & 0x0070) << 1 | (rawValue & 0x0F80) << 2 | (bits & 1) << 4
            | (bits & 2) << 7
    }
}

extension STUNClass {
    /// Takes the class out of a message type.
    init(messageType type: UInt16) {
        switch (type & 0x0100 != 0, type & 0x0010 != 0) {
        case (false, false): self = .request
        case (false, true): self = .indication
        case (true, false): self = .successResponse
        case (true, true): self = .errorResponse
        }
    }
}
