import Offhook
import SIPMessages
import SansIO
import Testing

@Suite("User agent configuration")
struct ConfigurationTests {
    private func read(_ yaml: String, environment: [String: String] = [:]) throws -> UserAgentConfiguration {
        let documents = try ConfigurationFile.parse(yaml, name: "bot.yaml", environment: environment)
        return try UserAgentConfiguration(try #require(documents.first))
    }

    private let minimum = "uri: sip:alice@example.com\nws_servers: ws://127.0.0.1:8088\n"

    private func problem(_ line: String, base: String? = nil) -> String {
        do {
            _ = try read((base ?? minimum) + line)
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test("has JsSIP's defaults")
    func defaults() throws {
        let configuration = try read(minimum)

        #expect(configuration.uri.description == "sip:alice@example.com")
        #expect(configuration.wsServers.map(\.port) == [8088])
        #expect(configuration.connectionRecoveryMinInterval == .seconds(2))
        #expect(configuration.connectionRecoveryMaxInterval == .seconds(30))
        #expect(configuration.noAnswerTimeout == .seconds(60))
        #expect(configuration.register)
        #expect(configuration.registerExpires == .seconds(600))
        #expect(configuration.stunServers.isEmpty)
        #expect(!configuration.usePreloadedRoute && !configuration.traceSip && !configuration.hackViaTcp)
        #expect(configuration.password == nil)
    }

    @Test("takes servers as a string, a list, weighted entries, or a mixture")
    func servers() throws {
        let forms = [
            "wss://a.example", "[ws://a.example/x?y, wss://b.example:8443]",
            "[{ws_uri: 'ws://a.example', weight: 10}, WSS://b.example, {ws_uri: 'ws://[::1]:80', weight: 1}]",
        ]
        let read = try forms.map { try self.read("uri: alice@example.com\nwsServers: \($0)").wsServers }

        #expect(read[0].map(\.port) == [443])
        #expect(read[0].map(\.isSecure) == [true])
        #expect(read[1].map(\.path) == ["/x?y", "/"])
        #expect(read[2].map(\.weight) == [10, 0, 1])
        #expect(read[2].map(\.host) == ["a.example", "b.example", "::1"])
    }

    @Test("takes every parameter, in both spellings")
    func values() throws {
        let configuration = try read(
            minimum + """
                authorization_user: alice123
                password: 1234
                connectionRecoveryMaxInterval: "60"
                connection_recovery_min_interval: 4
                display_name: "Alice ¶€ĸøĸø"
                hack_ip_in_contact: true
                hackViaTcp: true
                hack_via_ws: true
                instance_id: uuid:8F1FA16A-1165-4A96-8341-785B1EF24F12
                no_answer_timeout: 120
                register: false
                register_expires: 0
                registrar_server: registrar.Example.com;transport=ws
                stun_servers: ["stun:stun.example.com", "stuns:s.example:1234", other.example]
                trace_sip: true
                use_preloaded_route: true
                user_agent: Me
                """
        )

        #expect(configuration.authorizationUser == "alice123")
        #expect(configuration.password?.exposed == "1234")
        #expect(configuration.connectionRecoveryMaxInterval == .seconds(60))
        #expect(configuration.connectionRecoveryMinInterval == .seconds(4))
        #expect(configuration.displayName == "Alice ¶€ĸøĸø")
        #expect(configuration.hackIpInContact && configuration.hackViaTcp && configuration.hackViaWs)
        #expect(configuration.instanceId == "8f1fa16a-1165-4a96-8341-785b1ef24f12")
        #expect(configuration.noAnswerTimeout == .seconds(120))
        #expect(!configuration.register)
        #expect(configuration.registerExpires == .zero)
        #expect(configuration.registrarServer?.description == "sip:registrar.example.com;transport=ws")
        #expect(configuration.stunServers.map(\.port) == [3478, 1234, 3478])
        #expect(configuration.traceSip && configuration.usePreloadedRoute)
        #expect(configuration.userAgent == "Me")
    }

    @Test("takes null, an empty string and an empty list for the default of an optional parameter")
    func emptyValues() throws {
        let configuration = try read(minimum + "no_answer_timeout:\ndisplay_name: ''\nstun_servers: []\n")

        #expect(configuration.noAnswerTimeout == .seconds(60))
        #expect(configuration.displayName == nil)
    }

    @Test(
        "names the place, the parameter, the value and what is allowed",
        arguments: [
            ("no_answer_timeout: 1.5", "bot.yaml:3:20: ua.no_answer_timeout has the invalid value 1.5; a whole number"),
            ("no_answer_timeout: 0", "ua.no_answer_timeout has the invalid value 0"),
            ("no_answer_timeout: 1e3", "ua.no_answer_timeout has the invalid value \"1e3\""),
            ("register: 'false'", "ua.register has the invalid value \"false\"; true or false"),
            ("register: yes", "ua.register has the invalid value \"yes\""),
            ("registrar_server: sip:bob@example.com", "ua.registrar_server has the invalid value"),
            ("instance_id: 8f1fa16a", "ua.instance_id has the invalid value"),
            ("stun_servers: 'stun:a b'", "ua.stun_servers has the invalid value"),
            (
                "no_anwser_timeout: 5",
                "bot.yaml:3:1: ua.no_anwser_timeout is not known; did you mean no_answer_timeout?"
            ),
            ("frobnicate: 5", "ua.frobnicate is not known"),
            ("connection_recovery_max_interval: 1", "ua.connection_recovery_max_interval has the invalid value 1"),
            ("display_name: \"a\\r\\nX: y\"", "ua.display_name has the invalid value"),
            ("uri: sip:bob@example.com", "uri is wrong; it stands twice"),
            ("wsServers: ws://b.example", "ua.wsServers is wrong; it stands in both spellings"),
            ("password: [hunter2]", "ua.password has the invalid value (hidden)"),
            ("register: {password: hunter2}", "ua.register has the invalid value {password}"),
            ("display_name: \"unfinished", "bot.yaml cannot be read; not YAML"),
        ]
    )
    func problems(line: String, expected: String) {
        #expect(problem(line).contains(expected))
        #expect(!problem(line).contains("hunter2"))
    }

    @Test(
        "insists on what is mandatory",
        arguments: [
            ("ws_servers: ws://a.example", "ua.uri is missing"),
            ("uri: sip:alice@example.com", "ua.ws_servers is missing"),
            ("uri: sip:example.com\nws_servers: ws://a.example", "ua.uri has the invalid value"),
            ("uri: sips:alice@example.com\nws_servers: ws://a.example", "ua.uri has the invalid value"),
            ("uri: alice@example.com\nws_servers: []", "ua.ws_servers has the invalid value"),
            ("uri: alice@example.com\nws_servers: http://a.example", "ua.ws_servers has the invalid value"),
            ("uri: alice@example.com\nws_servers: [{ws_uri: 'ws://a', wieght: 1}]", "did you mean weight?"),
        ]
    )
    func mandatory(yaml: String, expected: String) {
        #expect(problem("", base: yaml + "\n").contains(expected))
    }

    @Test("fills in the environment, and misses what is not there")
    func environment() throws {
        let configuration = try read(
            minimum + "password: \"${PASSWORD}\"\ndisplay_name: a ${X}${X} $${Y} b\n",
            environment: ["PASSWORD": "s3", "X": "x"]
        )

        #expect(configuration.password?.exposed == "s3")
        #expect(configuration.displayName == "a xx ${Y} b")
        #expect(problem("password: ${NOWHERE}").contains("bot.yaml:3:11: ${NOWHERE} is missing"))
    }

    @Test("comes several to a file, and survives an alias that doubles itself")
    func documents() throws {
        let documents = try ConfigurationFile.parse("a: 1\n---\nb: 2\n", name: "x", environment: [:])
        #expect(documents.count == 2)

        let bomb = (1...20).reduce("a0: &a0 [x]\n") { $0 + "a\($1): &a\($1) [*a\($1 - 1), *a\($1 - 1)]\n" }
        #expect(throws: ConfigurationError.self) {
            _ = try ConfigurationFile.parse(bomb, name: "x", environment: [:])
        }
    }

    @Test("has a name, an alias, a default and a rule for every parameter")
    func table() {
        #expect(UserAgentParameter.all.count == Set(UserAgentParameter.all.map(\.name)).count)
        #expect(UserAgentParameter.all.allSatisfy { !$0.allowed.isEmpty })
        #expect(UserAgentParameter.all.first { $0.name == "hack_ip_in_contact" }?.alias == "hackIpInContact")
    }
}
