/// The command sequence: a number and the method it counts (RFC 3261 §20.16).
public struct CSeq: Hashable, Sendable {
    /// The number, less than 2³¹.
    public var number: UInt32
    /// The method.
    public var method: SIPMethod

    /// Creates a value.
    public init(number: UInt32, method: SIPMethod) {
        self.number = number
        self.method = method
    }
}

extension CSeq: LosslessStringConvertible {
    /// Parses `number method`; `nil` when the number is 2³¹ or more (RFC 3261 §8.1.1.5).
    public init?(_ description: String) {
        let parts = description.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard parts.count == 2, let number = Grammar.decimal(parts[0], maximum: 0x7FFF_FFFF),
            Grammar.isToken(parts[1])
        else { return nil }
        self.init(number: UInt32(number), method: SIPMethod(String(parts[1])))
    }

    /// The value as it goes on the wire.
    public var description: String { "\(number) \(method)" }
}
