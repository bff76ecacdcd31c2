public import MediaTypes
public import SansIO

/// A session description (RFC 8866): what one side of a call can or will send and receive.
///
/// Parsing keeps what it does not understand, in order, and serialising writes it back.
public struct SessionDescription: Equatable, Sendable, AttributeContainer {
    /// Who made the description, and which version of it this is (`o=`).
    public var origin: Origin
    /// The session's name (`s=`), `-` when it has none.
    public var sessionName: String
    /// The address for media sections that have none of their own (`c=`).
    public var connection: ConnectionAddress?
    /// Bandwidth of the whole session (`b=`).
    public var bandwidths: [Bandwidth]
    /// When the session takes place (`t=`); zero and zero for calls.
    public var timing: Timing
    /// Attributes of the session, in order.
    public var attributes: [SDPAttribute]
    /// Lines of the session part that have no property here, unknown ones included.
    public var otherLines: [SDPLine]
    /// The media sections, in order; their positions never change in the life of a session (RFC 3264 §8).
    public var media: [MediaDescription]

    /// Creates a description.
    public init(
        origin: Origin,
        sessionName: String = "-",
        connection: ConnectionAddress? = nil,
        attributes: [SDPAttribute] = [],
        media: [MediaDescription] = []
    ) {
        self.origin = origin
        self.sessionName = sessionName
        self.connection = connection
        bandwidths = []
        timing = Timing()
        self.attributes = attributes
        otherLines = []
        self.media = media
    }

    /// Parses a description.
    ///
    /// Lines may end in LF or CRLF; only `v=` is required. An attribute with a value that its type cannot hold is kept
    /// as ``SDPAttribute/other(name:value:)``.
    /// - Throws: `SDPError`, with the line at fault.
    public init(parsing bytes: [UInt8]) throws(SDPError) {
        var parser = SDPParser()
        self = try parser.parse(bytes)
    }

    /// Parses a description.
    public init(parsing text: String) throws(SDPError) { try self.init(parsing: Array(text.utf8)) }

    /// The description as text, with CRLF after each line.
    ///
    /// It holds secrets: the ICE password, and keys of `a=crypto`.
    public func serialised() -> String {
        var writer = SDPWriter()
        writer.write(self)
        return writer.text
    }

    /// The media section with an identification tag.
    public func media(_ id: MediaID) -> MediaDescription? { media.first { $0.mid == id } }

    /// Lines and attributes that were kept without being understood.
    public var notUnderstood: Int {
        let unknown = otherLines.count { !$0.isKnown } + media.reduce(0) { $0 + $1.otherLines.count { !$0.isKnown } }
        return unknown + attributes.count(where: \.isOther)
            + media.reduce(0) { $0 + $1.attributes.count(where: \.isOther) }
    }
}

/// The originator of a description (RFC 8866 §5.2).
public struct Origin: Equatable, Sendable {
    /// A user name, or `-`.
    public var username: String
    /// A number that identifies the session, of any length.
    public var sessionID: String
    /// Grows by one with each changed description of the session (RFC 3264 §8).
    public var sessionVersion: UInt64
    /// The originator's address; says nothing about media.
    public var address: ConnectionAddress

    /// Creates an origin.
    public init(
        username: String = "-",
        sessionID: String,
        sessionVersion: UInt64,
        address: ConnectionAddress = .loopback
    ) {
        self.username = username
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.address = address
    }
}

/// An address of a `c=` or `o=` line (RFC 8866 §5.7).
public struct ConnectionAddress: Equatable, Sendable {
    /// `IN` on the Internet.
    public var networkType: String
    /// `IP4` or `IP6`.
    public var addressType: String
    /// An address or a host name; a multicast address carries its TTL and count after slashes.
    public var address: String

    /// Creates an address from the three fields of the line.
    public init(networkType: String = "IN", addressType: String, address: String) {
        self.networkType = networkType
        self.addressType = addressType
        self.address = address
    }

    /// Creates an address from an IP address.
    public init(_ ip: IPAddress) { self.init(addressType: ip.isIPv6 ? "IP6" : "IP4", address: ip.description) }

    /// The IP address, when it is a literal unicast one.
    public var ip: IPAddress? { IPAddress(address) }

    /// 127.0.0.1, the origin that gives nothing away (RFC 9429 §5.2.1).
    public static let loopback = ConnectionAddress(addressType: "IP4", address: "127.0.0.1")
    /// 0.0.0.0: no address yet, as in descriptions for ICE; from old peers it means hold (RFC 3264 §8.4).
    public static let unspecified = ConnectionAddress(addressType: "IP4", address: "0.0.0.0")
}

/// A bandwidth limit (RFC 8866 §5.8).
public struct Bandwidth: Equatable, Sendable {
    /// `AS` in kilobits per second with IP headers, `TIAS` in bits per second without (RFC 3890), or another token.
    public var type: String
    /// The value in the unit of its type.
    public var value: UInt64

    /// Creates a limit.
    public init(type: String, value: UInt64) {
        self.type = type
        self.value = value
    }

    /// The limit in bits per second, when the type is `AS` or `TIAS`.
    public var bitsPerSecond: UInt64? {
        switch type {
        case "AS": value.multipliedReportingOverflow(by: 1000).overflow ? .max : value * 1000
        case "TIAS": value
        default: nil
        }
    }
}

/// Start and stop of a session in seconds since 1900 (RFC 8866 §5.9).
public struct Timing: Equatable, Sendable {
    /// Start, or 0 for no bound.
    public var start: UInt64
    /// Stop, or 0 for no bound.
    public var stop: UInt64

    /// Creates a time interval; without arguments a permanent one.
    public init(start: UInt64 = 0, stop: UInt64 = 0) {
        self.start = start
        self.stop = stop
    }
}

/// A line that has no typed property.
public struct SDPLine: Equatable, Sendable {
    /// The letter before the equals sign; `nil` when the line has no such form.
    public var type: Unicode.Scalar?
    /// What follows the equals sign, or the whole line.
    public var value: String

    /// Creates a line.
    public init(type: Unicode.Scalar?, value: String) {
        self.type = type
        self.value = value
    }

    /// Whether RFC 8866 defines the type.
    public var isKnown: Bool { type.map { "iuepbtrz".unicodeScalars.contains($0) } ?? false }
}
