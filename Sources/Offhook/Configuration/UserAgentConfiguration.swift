public import SIPMessages
public import SansIO

/// The settings of one user agent: JsSIP's parameters with their names, forms and defaults.
public struct UserAgentConfiguration: Sendable {
    /// The address of record; has a user part.
    public var uri: SIPURI
    /// Servers to connect to; never empty.
    public var wsServers: [WebSocketServer]
    /// User name of digest authentication; that of ``uri`` when `nil`.
    public var authorizationUser: String?
    /// Password of digest authentication.
    public var password: Redacted<String>?
    /// Longest wait between two connection attempts.
    public var connectionRecoveryMaxInterval = Duration.seconds(30)
    /// Shortest wait between two connection attempts.
    public var connectionRecoveryMinInterval = Duration.seconds(2)
    /// Shown to the called party.
    public var displayName: String?
    /// Puts a random address of 192.0.2.0/24 into Contact and Via instead of a random name.
    public var hackIpInContact = false
    /// Writes TCP into the Via of requests.
    public var hackViaTcp = false
    /// Writes WS into the Via of requests over `wss`.
    public var hackViaWs = false
    /// The user agent's instance, a UUID in lower case; a fresh one when `nil`.
    public var instanceId: String?
    /// How long an incoming call rings before it is refused with 408.
    public var noAnswerTimeout = Duration.seconds(60)
    /// Registers each time the transport connects.
    public var register = true
    /// How long a registration is asked for.
    public var registerExpires = Duration.seconds(600)
    /// Request-URI of REGISTER; ``uri`` without its user when `nil`.
    public var registrarServer: SIPURI?
    /// STUN servers.
    ///
    /// None by default: a server that calls nobody unasked is the one deliberate departure from JsSIP.
    public var stunServers: [STUNServer] = []
    /// Logs every SIP message.
    public var traceSip = false
    /// Puts a Route to the server into every request outside a dialog.
    public var usePreloadedRoute = false
    /// The User-Agent header field.
    public var userAgent: String?

    /// Creates a configuration with the defaults; `wsServers` must not be empty.
    public init(uri: SIPURI, wsServers: [WebSocketServer]) {
        precondition(!wsServers.isEmpty, "a user agent has at least one server")
        self.uri = uri
        self.wsServers = wsServers
    }
}

extension UserAgentConfiguration {
    /// Reads a configuration out of a mapping of JsSIP's keys, in snake case or lower camel case.
    ///
    /// - Parameters:
    ///   - value: The mapping.
    ///   - path: Its name, for error messages.
    /// - Throws: The first ``ConfigurationError``, mandatory parameters before optional ones.
    public init(_ value: ConfigurationValue, path: String = "ua") throws(ConfigurationError) {
        let entries = try UserAgentParameter.sorted(try value.map(path), path: path)
        func mandatory(_ name: String) throws(ConfigurationError) -> ConfigurationValue {
            guard let entry = entries[name] else {
                throw ConfigurationError(
                    parameter: "\(path).\(name)",
                    value: nil,
                    problem: .missing,
                    allowed: UserAgentParameter.named(name)?.allowed ?? "",
                    location: value.location
                )
            }
            return entry
        }
        let uri = try UserAgentParameter.addressOfRecord(try mandatory("uri"), "\(path).uri")
        let servers = try UserAgentParameter.servers(try mandatory("ws_servers"), "\(path).ws_servers")
        self.init(uri: uri, wsServers: servers)
        for parameter in UserAgentParameter.optional {
            guard let entry = entries[parameter.name], !entry.meansDefault else { continue }
            try parameter.apply(&self, entry, "\(path).\(parameter.name)")
        }
        guard connectionRecoveryMinInterval <= connectionRecoveryMaxInterval else {
            let entry =
                entries["connection_recovery_max_interval"] ?? entries["connection_recovery_min_interval"] ?? value
            throw entry.invalid(
                "\(path).connection_recovery_max_interval",
                allowed: "at least connection_recovery_min_interval"
            )
        }
    }
}
