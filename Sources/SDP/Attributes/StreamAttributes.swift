public import MediaTypes

/// The local identifier of an RTP header extension (RFC 8285 §8).
public struct ExtensionMapping: Equatable, Sendable {
    /// 1 to 14 fit the one-byte form, up to 255 the two-byte form; 4096 to 4351 only ask the answerer to choose.
    public var id: Int
    /// Which way it is used, where given.
    public var direction: MediaDirection?
    /// What it means.
    public var uri: String
    /// Text after the URI.
    public var attributes: String?

    /// Creates a mapping.
    public init(id: Int, direction: MediaDirection? = nil, uri: String, attributes: String? = nil) {
        self.id = id
        self.direction = direction
        self.uri = uri
        self.attributes = attributes
    }

    init?(parsing value: Substring) {
        let fields = tokens(value, maxSplits: 2)
        guard fields.count >= 2 else { return nil }
        let (idText, directionText) = halves(fields[0], at: "/")
        guard let id = decimal(idText, as: UInt16.self), id > 0 else { return nil }
        var direction: MediaDirection?
        if let directionText {
            direction = MediaDirection(rawValue: directionText.lowercased())
            guard direction != nil else { return nil }
        }
        self.init(
            id: Int(id),
            direction: direction,
            uri: String(fields[1]),
            attributes: fields.count == 3 ? String(fields[2]) : nil
        )
    }

    var text: String {
        "\(id)" + (direction.map { "/\($0.rawValue)" } ?? "") + " \(uri)" + (attributes.map { " \($0)" } ?? "")
    }
}

/// A property of one RTP source (RFC 5576 §4.1).
public struct SourceAttribute: Equatable, Sendable {
    /// The source.
    public var ssrc: SSRC
    /// The property's name, such as `cname` or `msid`; empty when the line names the source only.
    public var name: String
    /// The property's value.
    public var value: String?

    /// Creates a property.
    public init(ssrc: SSRC, name: String, value: String? = nil) {
        self.ssrc = ssrc
        self.name = name
        self.value = value
    }

    init?(parsing text: Substring) {
        let (number, rest) = halves(text, at: " ")
        guard let ssrc = decimal(number, as: UInt32.self) else { return nil }
        let (name, value) = halves(rest ?? "", at: ":")
        self.init(ssrc: SSRC(ssrc), name: String(name), value: value.map(String.init))
    }

    var text: String {
        let property = value.map { "\(name):\($0)" } ?? name
        return property.isEmpty ? "\(ssrc)" : "\(ssrc) \(property)"
    }
}

/// Sources that belong together (RFC 5576 §4.2).
public struct SourceGroup: Equatable, Sendable {
    /// `FID` pairs a source with its retransmissions (RFC 4588 §8.6); `SIM` and others occur.
    public var semantics: String
    /// The sources, in order.
    public var ssrcs: [SSRC]

    /// Creates a group.
    public init(semantics: String, ssrcs: [SSRC]) {
        self.semantics = semantics
        self.ssrcs = ssrcs
    }

    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count >= 2 else { return nil }
        let ssrcs = fields.dropFirst().compactMap { decimal($0, as: UInt32.self) }
        guard ssrcs.count == fields.count - 1 else { return nil }
        self.init(semantics: String(fields[0]), ssrcs: ssrcs.map { SSRC($0) })
    }

    var text: String { ([semantics] + ssrcs.map(\.description)).joined(separator: " ") }
}

/// The MediaStream and track that a section feeds (RFC 8830 §2).
public struct MediaStreamID: Equatable, Sendable {
    /// The stream; `-` for none.
    public var stream: String
    /// The track, where given.
    public var track: String?

    /// Creates an identification.
    public init(stream: String, track: String? = nil) {
        self.stream = stream
        self.track = track
    }

    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count == 1 || fields.count == 2 else { return nil }
        self.init(stream: String(fields[0]), track: fields.count == 2 ? String(fields[1]) : nil)
    }

    var text: String { track.map { "\(stream) \($0)" } ?? stream }
}
