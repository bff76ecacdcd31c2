public import MediaTypes

extension MediaDescription {
    /// What a payload type means: by `a=rtpmap`, else by its static assignment.
    public func rtpmap(for payloadType: PayloadType) -> RTPMap? {
        for case .rtpmap(let map) in attributes where map.payloadType == payloadType { return map }
        return .static(payloadType)
    }

    /// The parameters of a payload type.
    public func parameters(for payloadType: PayloadType) -> FormatParameters? {
        for case .fmtp(let format, let parameters) in attributes where format == payloadType.description {
            return parameters
        }
        return nil
    }

    /// The feedback for a payload type, that for all of them (`*`) included.
    public func feedback(for payloadType: PayloadType) -> [RTCPFeedback.Kind] {
        attributes.compactMap {
            guard case .rtcpFeedback(let entry) = $0 else { return nil }
            return entry.payloadType == nil || entry.payloadType == payloadType ? entry.kind : nil
        }
    }

    /// The payload type of retransmissions of another one: `rtx` of the same clock whose `apt` names it (RFC 4588 §8.6).
    public func retransmission(for payloadType: PayloadType) -> PayloadType? {
        guard let original = rtpmap(for: payloadType) else { return nil }
        return payloadTypes.first { candidate in
            guard candidate != payloadType, let map = rtpmap(for: candidate) else { return false }
            return map.encodingName.lowercased() == "rtx" && map.clockRate == original.clockRate
                && parameters(for: candidate)?.integer("apt") == Int(payloadType.rawValue)
        }
    }

    /// Adds a format with its `a=rtpmap`, `a=rtcp-fb` and `a=fmtp`, and that of its retransmissions.
    public mutating func add(_ codec: CodecCapability) {
        add(
            codec.format,
            payloadType: codec.payloadType,
            retransmission: codec.retransmission,
            parameters: codec.parameters,
            feedback: codec.feedback
        )
    }

    /// Adds a negotiated format to an answer, with our parameters.
    public mutating func add(_ codec: NegotiatedCodec) {
        add(
            codec.format,
            payloadType: codec.payloadType,
            retransmission: codec.retransmission,
            parameters: codec.localParameters,
            feedback: codec.feedback
        )
    }

    private mutating func add(
        _ format: PayloadFormat,
        payloadType: PayloadType,
        retransmission: PayloadType?,
        parameters: FormatParameters?,
        feedback: [RTCPFeedback.Kind]
    ) {
        let map = RTPMap(
            payloadType: payloadType,
            encodingName: format.encodingName,
            clockRate: format.clockRate,
            channels: format.channels
        )
        formats.append(payloadType.description)
        attributes.append(.rtpmap(map))
        for kind in feedback { attributes.append(.rtcpFeedback(RTCPFeedback(payloadType: payloadType, kind: kind))) }
        if let parameters { attributes.append(.fmtp(format: payloadType.description, parameters)) }
        guard let retransmission else { return }
        let rtx = RTPMap(payloadType: retransmission, encodingName: "rtx", clockRate: format.clockRate)
        formats.append(retransmission.description)
        attributes.append(.rtpmap(rtx))
        attributes.append(.fmtp(format: retransmission.description, ["apt": payloadType.description]))
    }
}

extension FormatParameters: ExpressibleByDictionaryLiteral {
    /// Creates the parameters from a literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(rawValue: elements.map { "\($0.0)=\($0.1)" }.joined(separator: ";"))
    }
}
