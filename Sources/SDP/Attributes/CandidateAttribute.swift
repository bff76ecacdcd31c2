/// An ICE candidate as SDP writes it (RFC 8839 §5.1); the ICE agent has a type of its own.
public struct CandidateAttribute: Equatable, Sendable {
    /// Equal for candidates of the same type, base and server: 1 to 32 characters.
    public var foundation: String
    /// 1 for RTP, or for RTP and RTCP together.
    public var component: Int
    /// `udp` or `tcp`, in lower case.
    public var transport: String
    /// From 1 to 2³¹ − 1.
    public var priority: UInt32
    /// An IPv4 or IPv6 address, or an mDNS name that ends in `.local`.
    public var address: String
    /// The port; 9 for active TCP candidates.
    public var port: UInt16
    /// `host`, `srflx`, `prflx` or `relay`.
    public var type: String
    /// The related address and port (`raddr`, `rport`).
    public var related: Related?
    /// Further name and value pairs, such as `generation 0` or `tcptype active`, in order.
    public var extensions: [Extension]

    /// A base or mapped address that the candidate comes from.
    public struct Related: Equatable, Sendable {
        /// The address; `0.0.0.0` or `::` where the peer hides it.
        public var address: String
        /// The port; 9 or 0 where the peer hides it.
        public var port: UInt16

        /// Creates a related address.
        public init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// A name and its value.
    public struct Extension: Equatable, Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: String

        /// Creates an extension.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Creates a candidate.
    public init(
        foundation: String,
        component: Int = 1,
        transport: String = "udp",
        priority: UInt32,
        address: String,
        port: UInt16,
        type: String,
        related: Related? = nil,
        extensions: [Extension] = []
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.port = port
        self.type = type
        self.related = related
        self.extensions = extensions
    }

    /// Reads the value of `a=candidate`, also with `candidate:` in front, as browsers trickle it.
    public init?(_ text: String) { self.init(parsing: text[...]) }

    init?(parsing value: Substring) {
        let prefix = "candidate:"
        var fields = tokens(value.hasPrefix(prefix) ? value.dropFirst(prefix.count) : value)[...]
        guard fields.count >= 8, fields[6].lowercased() == "typ", (1...32).contains(fields[0].utf8.count),
            let component = decimal(fields[1], as: Int.self), (1...256).contains(component),
            let priority = decimal(fields[3], as: UInt32.self), let port = decimal(fields[5], as: UInt16.self)
        else { return nil }
        self.init(
            foundation: String(fields[0]),
            component: component,
            transport: fields[2].lowercased(),
            priority: priority,
            address: String(fields[4]),
            port: port,
            type: fields[7].lowercased()
        )
        fields = fields.dropFirst(8)
        guard fields.count.isMultiple(of: 2) else { return nil }
        var relatedAddress: String?
        while let name = fields.popFirst(), let value = fields.popFirst() {
            if name.lowercased() == "raddr", related == nil, relatedAddress == nil {
                relatedAddress = String(value)
            } else if name.lowercased() == "rport", let address = relatedAddress, related == nil,
                let port = decimal(value, as: UInt16.self)
            {
                related = Related(address: address, port: port)
            } else {
                extensions.append(Extension(name: String(name), value: String(value)))
            }
        }
        // Without its port a related address is of no use; the grammar wants both.
        if let relatedAddress, related == nil { related = Related(address: relatedAddress, port: 0) }
    }

    /// The value of `a=candidate`.
    public var text: String {
        var fields = [
            foundation, String(component), transport, String(priority), address, String(port), "typ", type,
        ]
        if let related { fields += ["raddr", related.address, "rport", String(related.port)] }
        for item in extensions { fields += [item.name, item.value] }
        return fields.joined(separator: " ")
    }

    /// Whether the address is an mDNS name, which hides a browser's host address.
    public var isMDNS: Bool { address.lowercased().hasSuffix(".local") }
}

/// One entry of `a=remote-candidates`: what the controlling side uses for a component (RFC 8839 §5.2).
public struct RemoteCandidate: Equatable, Sendable {
    /// The component.
    public var component: Int
    /// The address.
    public var address: String
    /// The port.
    public var port: UInt16

    /// Creates an entry.
    public init(component: Int, address: String, port: UInt16) {
        self.component = component
        self.address = address
        self.port = port
    }

    static func list(parsing value: Substring) -> [RemoteCandidate]? {
        var fields = tokens(value)[...]
        guard !fields.isEmpty, fields.count.isMultiple(of: 3) else { return nil }
        var list: [RemoteCandidate] = []
        while let first = fields.popFirst(), let address = fields.popFirst(), let last = fields.popFirst() {
            guard let component = decimal(first, as: Int.self), let port = decimal(last, as: UInt16.self) else {
                return nil
            }
            list.append(RemoteCandidate(component: component, address: String(address), port: port))
        }
        return list
    }

    var text: String { "\(component) \(address) \(port)" }
}
