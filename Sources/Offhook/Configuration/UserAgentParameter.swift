internal import SIPMessages
internal import SansIO

/// One row of the table of parameters: its name, its default, what is allowed, and what it sets.
///
/// The table is the documentation, too: ``all`` is what the guide's table is made of.
public struct UserAgentParameter: Sendable {
    /// JsSIP's name, in snake case.
    public let name: String
    /// The default as a user would write it; `nil` for a mandatory parameter.
    public let standard: String?
    /// What a value may be, in a few words.
    public let allowed: String
    let apply: @Sendable (inout UserAgentConfiguration, ConfigurationValue, String) throws(ConfigurationError) -> Void

    /// Every parameter, mandatory ones first.
    public static var all: [UserAgentParameter] { mandatory + optional }

    static func named(_ name: String) -> UserAgentParameter? { all.first { $0.name == name } }

    /// The spelling in lower camel case: `ws_servers` becomes `wsServers`.
    public var alias: String {
        let words = name.split(separator: "_").map(String.init)
        return words.dropFirst().reduce(words.first ?? "") { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private static let mandatory: [UserAgentParameter] = [
        UserAgentParameter(name: "uri", standard: nil, allowed: "a SIP URI with a user") { (_, _, _) in },
        UserAgentParameter(
            name: "ws_servers",
            standard: nil,
            allowed: "a ws or wss URI, a list of them, or of {ws_uri, weight}"
        ) { (_, _, _) in },
    ]

    static let optional: [UserAgentParameter] = [
        .init(name: "authorization_user", standard: "the user of uri", allowed: "a string") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.authorizationUser = try value.string(path)
        },
        .init(name: "password", standard: "none", allowed: "a string") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.password = Redacted(try value.string(path, secret: true))
        },
        .init(name: "connection_recovery_max_interval", standard: "30", allowed: "whole seconds above 0") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.connectionRecoveryMaxInterval = .seconds(try value.integer(path, in: 1...86_400))
        },
        .init(name: "connection_recovery_min_interval", standard: "2", allowed: "whole seconds above 0") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.connectionRecoveryMinInterval = .seconds(try value.integer(path, in: 1...86_400))
        },
        .init(name: "display_name", standard: "none", allowed: "a string without line ends") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.displayName = try value.line(path)
        },
        .init(name: "hack_ip_in_contact", standard: "false", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.hackIpInContact = try value.bool(path)
        },
        .init(name: "hack_via_tcp", standard: "false", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.hackViaTcp = try value.bool(path)
        },
        .init(name: "hack_via_ws", standard: "false", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.hackViaWs = try value.bool(path)
        },
        .init(name: "instance_id", standard: "a fresh UUID", allowed: "a UUID, with or without uuid:") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.instanceId = try uuid(value, path)
        },
        .init(name: "no_answer_timeout", standard: "60", allowed: "whole seconds above 0") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.noAnswerTimeout = .seconds(try value.integer(path, in: 1...86_400))
        },
        .init(name: "register", standard: "true", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.register = try value.bool(path)
        },
        .init(name: "register_expires", standard: "600", allowed: "whole seconds, 0 or more") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.registerExpires = .seconds(try value.integer(path, in: 0...31_536_000))
        },
        .init(name: "registrar_server", standard: "uri without its user", allowed: "a SIP URI without a user") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.registrarServer = try registrar(value, path)
        },
        .init(name: "stun_servers", standard: "none", allowed: "a stun or stuns URI, or a list of them") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.stunServers = []
            for member in value.oneOrMany {
                guard let server = STUNServer(uri: try member.string(path)) else {
                    throw member.invalid(path, allowed: "stun:host[:port] or stuns:host[:port]")
                }
                configuration.stunServers.append(server)
            }
        },
        .init(name: "trace_sip", standard: "false", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.traceSip = try value.bool(path)
        },
        .init(name: "use_preloaded_route", standard: "false", allowed: "true or false") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.usePreloadedRoute = try value.bool(path)
        },
        .init(name: "user_agent", standard: "none", allowed: "a string without line ends") {
            (configuration, value, path) throws(ConfigurationError) in
            configuration.userAgent = try value.line(path)
        },
    ]

    // MARK: - Readers

    static func addressOfRecord(_ value: ConfigurationValue, _ path: String) throws(ConfigurationError) -> SIPURI {
        let text = try value.string(path)
        // JsSIP takes `sips:a@b` for the user "sips:a"; here it is refused.
        guard !text.lowercased().hasPrefix("sips:"),
            let uri = SIPURI(text.lowercased().hasPrefix("sip:") ? text : "sip:\(text)"), uri.user?.isEmpty == false,
            uri.headers.isEmpty
        else { throw value.invalid(path, allowed: "a SIP URI with a user, such as sip:alice@example.com") }
        return uri
    }

    private static func registrar(_ value: ConfigurationValue, _ path: String) throws(ConfigurationError) -> SIPURI {
        let text = try value.string(path)
        guard let uri = SIPURI(text.lowercased().hasPrefix("sip:") ? text : "sip:\(text)"), uri.escapedUser == nil
        else {
            throw value.invalid(path, allowed: "a SIP URI without a user, such as sip:registrar.example.com")
        }
        return uri
    }

    static func servers(_ value: ConfigurationValue, _ path: String) throws(ConfigurationError) -> [WebSocketServer] {
        let allowed = "a ws or wss URI such as wss://sip.example.com/ws"
        var servers: [WebSocketServer] = []
        for member in value.oneOrMany {
            var text = member
            var weight = 0.0
            if case .map(let entries) = member.kind {
                guard let uri = entries.first(where: { $0.key == "ws_uri" || $0.key == "wsUri" }) else {
                    throw member.invalid(path, allowed: "an entry with ws_uri")
                }
                text = uri.value
                for entry in entries where entry.key != uri.key {
                    guard entry.key == "weight" else {
                        throw ConfigurationError(
                            parameter: "\(path).\(entry.key)",
                            value: nil,
                            problem: .unknown(nearest: NearestName.of(entry.key, among: ["ws_uri", "weight"])),
                            allowed: "",
                            location: entry.keyLocation
                        )
                    }
                    weight = try entry.value.number("\(path).weight", in: 0...1e9)
                }
            }
            guard let server = WebSocketServer(uri: try text.string(path), weight: weight) else {
                throw text.invalid(path, allowed: allowed)
            }
            servers.append(server)
        }
        guard !servers.isEmpty else { throw value.invalid(path, allowed: allowed) }
        return servers
    }

    /// 8-4-4-4-12 hexadecimal digits, in lower case and without the prefix.
    private static func uuid(_ value: ConfigurationValue, _ path: String) throws(ConfigurationError) -> String {
        var text = try value.string(path).lowercased()
        if text.hasPrefix("uuid:") { text.removeFirst(5) }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], groups.joined().allSatisfy({ $0.isASCII && $0.isHexDigit })
        else { throw value.invalid(path, allowed: "a UUID, with or without uuid:") }
        return text
    }

    /// The entries by their names in snake case.
    ///
    /// - Throws: For an unknown key, and for a parameter that stands in both spellings.
    static func sorted(
        _ entries: [ConfigurationValue.Entry],
        path: String
    ) throws(ConfigurationError) -> [String: ConfigurationValue] {
        var result: [String: ConfigurationValue] = [:]
        for entry in entries {
            guard let parameter = all.first(where: { $0.name == entry.key || $0.alias == entry.key }) else {
                throw ConfigurationError(
                    parameter: "\(path).\(entry.key)",
                    value: nil,
                    problem: .unknown(nearest: NearestName.of(entry.key, among: all.map(\.name))),
                    allowed: "",
                    location: entry.keyLocation
                )
            }
            guard result.updateValue(entry.value, forKey: parameter.name) == nil else {
                throw ConfigurationError(
                    parameter: "\(path).\(entry.key)",
                    value: nil,
                    allowed: "it stands in both spellings",
                    location: entry.keyLocation
                )
            }
        }
        return result
    }
}

extension ConfigurationValue {
    /// A string that may stand in a header field.
    func line(_ parameter: String) throws(ConfigurationError) -> String {
        let text = try string(parameter)
        guard !text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
            throw invalid(parameter, allowed: "a string without line ends")
        }
        return text
    }
}
