public import MediaTypes

/// What a payload type means (RFC 8866 §6.6).
public struct RTPMap: Equatable, Sendable {
    /// The payload type.
    public var payloadType: PayloadType
    /// The encoding name as written; compare without regard to case.
    public var encodingName: String
    /// Ticks per second of the RTP clock.
    public var clockRate: Int
    /// Channels for audio, where given.
    public var channels: Int?

    /// Creates a mapping.
    public init(payloadType: PayloadType, encodingName: String, clockRate: Int, channels: Int? = nil) {
        self.payloadType = payloadType
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
    }

    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count == 2, let payloadType = PayloadType(parsing: fields[0]) else { return nil }
        let parts = tokens(fields[1], separator: "/")
        guard parts.count == 2 || parts.count == 3, let clockRate = decimal(parts[1], as: Int32.self), clockRate > 0
        else { return nil }
        var channels: Int?
        if parts.count == 3 {
            guard let count = decimal(parts[2], as: UInt8.self), count > 0 else { return nil }
            channels = Int(count)
        }
        self.init(
            payloadType: payloadType,
            encodingName: String(parts[0]),
            clockRate: Int(clockRate),
            channels: channels
        )
    }

    var text: String {
        "\(payloadType) \(encodingName)/\(clockRate)" + (channels.map { "/\($0)" } ?? "")
    }

    /// What the static payload types of the codecs known here mean without `a=rtpmap` (RFC 3551 §6).
    public static func `static`(_ payloadType: PayloadType) -> RTPMap? {
        switch payloadType.rawValue {
        case 0: RTPMap(payloadType: payloadType, encodingName: "PCMU", clockRate: 8_000)
        case 8: RTPMap(payloadType: payloadType, encodingName: "PCMA", clockRate: 8_000)
        default: nil
        }
    }
}

/// The parameters of `a=fmtp`, kept as they were written: usually `name=value` pairs with semicolons between.
public struct FormatParameters: Equatable, Sendable {
    /// The whole text.
    public var rawValue: String

    /// Wraps the text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The value of the first parameter with a name, compared without regard to case; `nil` when there is none.
    public subscript(name: String) -> String? {
        for part in tokens(rawValue[...], separator: ";") {
            let (key, value) = halves(part, at: "=")
            guard let value, let word = tokens(key).first, word.lowercased() == name.lowercased() else { continue }
            return tokens(value).joined(separator: " ")
        }
        return nil
    }

    /// The value of a parameter as a number.
    public func integer(_ name: String) -> Int? { self[name].flatMap { decimal($0, as: Int.self) } }
}

/// One kind of RTCP feedback for one payload type (RFC 4585 §4.2).
public struct RTCPFeedback: Equatable, Sendable {
    /// The payload type; `nil` for all of them, written `*`.
    public var payloadType: PayloadType?
    /// The kind.
    public var kind: Kind

    /// Creates an entry.
    public init(payloadType: PayloadType?, kind: Kind) {
        self.payloadType = payloadType
        self.kind = kind
    }

    /// A kind of feedback with its parameter, such as `nack pli`.
    public struct Kind: Hashable, Sendable {
        /// The words, in lower case, with one space between.
        public var rawValue: String

        /// Wraps the words.
        public init(_ rawValue: String) { self.rawValue = rawValue.lowercased() }

        /// Generic negative acknowledgements (RFC 4585 §6.2.1).
        public static let nack = Kind("nack")
        /// Picture loss indication (RFC 4585 §6.3.1).
        public static let nackPLI = Kind("nack pli")
        /// Full intra request (RFC 5104 §4.3.1).
        public static let ccmFIR = Kind("ccm fir")
        /// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb).
        public static let remb = Kind("goog-remb")
        /// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions).
        public static let transportCC = Kind("transport-cc")
    }

    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count >= 2 else { return nil }
        let payloadType = PayloadType(parsing: fields[0])
        guard payloadType != nil || fields[0] == "*" else { return nil }
        self.init(payloadType: payloadType, kind: Kind(fields.dropFirst().joined(separator: " ")))
    }

    var text: String { "\(payloadType?.description ?? "*") \(kind.rawValue)" }
}

extension PayloadType {
    /// Reads a number from 0 to 127.
    init?(parsing text: Substring) {
        guard let value = decimal(text, as: UInt8.self), value < 128 else { return nil }
        self.init(value)
    }
}
