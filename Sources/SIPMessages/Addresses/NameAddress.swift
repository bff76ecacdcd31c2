/// A URI with an optional display name and header parameters: From, To, Contact, Route and their kin.
public struct NameAddress: Hashable, Sendable {
    /// The name to show, without quotes and escapes; `nil` without one.
    public var displayName: String?
    /// The address.
    public var uri: AddressURI
    /// The header field's parameters, such as `tag` or `expires`.
    public var parameters: SIPParameters

    /// Creates an address.
    public init(displayName: String? = nil, uri: AddressURI, parameters: SIPParameters = [:]) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    /// Creates an address of a SIP URI.
    public init(displayName: String? = nil, uri: SIPURI, parameters: SIPParameters = [:]) {
        self.init(displayName: displayName, uri: .sip(uri), parameters: parameters)
    }

    /// The `tag` parameter of From and To.
    public var tag: String? {
        get { parameters["tag"] }
        set {
            if let newValue { parameters.set("tag", to: newValue) } else { parameters.remove("tag") }
        }
    }
}

extension NameAddress: LosslessStringConvertible {
    /// Parses `[display-name] <URI> *(;parameter)` or `URI *(;parameter)` (RFC 3261 §20.10).
    public init?(_ description: String) {
        var scanner = TextScanner(description)
        scanner.skipBlanks()
        var name: String?
        let uriText: String
        if scanner.peek == UInt8(ascii: "\"") {
            guard let quoted = scanner.rawQuotedString() else { return nil }
            name = Grammar.unquoted(quoted)
            scanner.skipBlanks()
            guard scanner.peek == UInt8(ascii: "<") else { return nil }
        } else if description.utf8.contains(UInt8(ascii: "<")) {
            let words = scanner.take { octet in
                Grammar.isBlank(octet) || Grammar.isTokenOctet(octet) || octet >= 0x80
            }
            let display = words.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
            name = display.isEmpty ? nil : display
        }
        if scanner.accept("<") {
            uriText = scanner.take { $0 != UInt8(ascii: ">") }
            guard scanner.accept(">") else { return nil }
        } else {
            // Without brackets, parameters belong to the header field, and a question mark is refused (§20.10).
            uriText = scanner.take { Grammar.isURIOctet($0) && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
            guard !uriText.contains("?") else { return nil }
        }
        guard let uri = AddressURI(uriText), let parameters = SIPParameters(scanning: &scanner), scanner.isAtEnd else {
            return nil
        }
        self.init(displayName: name, uri: uri, parameters: parameters)
    }

    /// The address as it goes on the wire: the name always quoted, the URI always in brackets.
    public var description: String {
        let name = displayName.map { Grammar.quoted($0) + " " } ?? ""
        return "\(name)<\(uri)>\(parameters.wireText)"
    }
}

/// The value of a Contact header field: addresses, or the asterisk of an un-REGISTER (RFC 3261 §10.2.2).
public enum ContactList: Hashable, Sendable {
    /// `*`.
    case all
    /// The addresses in order.
    case addresses([NameAddress])
}
