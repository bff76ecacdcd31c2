/// Typed views of the header fields that requests and responses share.
///
/// Each is `nil` (or leaves members out) where the field is absent or breaks the grammar: a malformed optional header
/// invalidates itself, not the message.
extension SIPHeaders {
    /// The Via entries, topmost first.
    public var vias: [Via] { list("Via").compactMap(Via.init) }
    /// The sender's or the last proxy's entry.
    public var topVia: Via? { list("Via").first.flatMap(Via.init) }
    /// Who sent the request.
    public var from: NameAddress? { self["From"].flatMap(NameAddress.init) }
    /// Whom the request is for.
    public var to: NameAddress? { self["To"].flatMap(NameAddress.init) }
    /// The identifier of the call.
    public var callID: String? { self["Call-ID"] }
    /// The command sequence.
    public var cSeq: CSeq? { self["CSeq"].flatMap(CSeq.init) }
    /// Where the sender wants to be reached.
    public var contacts: ContactList? {
        guard contains("Contact") else { return nil }
        if lines("Contact") == ["*"] { return .all }
        return .addresses(list("Contact").compactMap(NameAddress.init))
    }
    /// The first Contact address.
    public var contact: NameAddress? { list("Contact").first.flatMap(NameAddress.init) }
    /// Hops left, from 0 to 255.
    public var maxForwards: Int? { number("Max-Forwards", maximum: 255) }
    /// The proxies the request has to visit.
    public var routes: [NameAddress] { list("Route").compactMap(NameAddress.init) }
    /// The proxies that want to stay on the path.
    public var recordRoutes: [NameAddress] { list("Record-Route").compactMap(NameAddress.init) }
    /// Seconds after which the message or a binding expires; capped at 2³² − 1 (RFC 3261 §20.19).
    public var expires: Int? { number("Expires", maximum: 0xFFFF_FFFF) }
    /// The shortest expiry a registrar grants, in seconds (RFC 3261 §20.23).
    public var minExpires: Int? { number("Min-Expires", maximum: 0xFFFF_FFFF) }
    /// Seconds after which to try again (RFC 3261 §20.33).
    public var retryAfter: Int? {
        guard let value = self["Retry-After"] else { return nil }
        let digits = value.prefix { $0.isASCII && $0.isNumber }
        return Grammar.decimal(digits, maximum: 0xFFFF_FFFF).map(Int.init)
    }
    /// The body's type.
    public var contentType: ContentType? { self["Content-Type"].flatMap(ContentType.init) }
    /// Extensions the sender understands, in lower case.
    public var supported: [String] { list("Supported").map { $0.lowercased() } }
    /// Extensions the sender insists on, as written.
    public var require: [String] { list("Require") }
    /// Methods the sender understands.
    public var allow: [SIPMethod] { list("Allow").map { SIPMethod($0) } }

    private func number(_ name: String, maximum: UInt64) -> Int? {
        self[name].flatMap { Grammar.decimal($0, maximum: maximum) }.map(Int.init)
    }
}
