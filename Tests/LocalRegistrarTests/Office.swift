import LocalRegistrar
import SIPMessages
import SIPStack
import SansIO
import Testing

let offer = SessionBody(bytes: Array("v=0 offer\r\n".utf8))
let answer = SessionBody(bytes: Array("v=0 answer\r\n".utf8))

/// A user agent at its desk.
final class Desk {
    /// What a desk does when its phone rings.
    enum Manner { case answers, rings }

    let user: String
    let connection: ConnectionID
    let manner: Manner
    var core: UserAgentCore
    private(set) var events: [UserAgentCoreEvent] = []
    private(set) var sent: [[UInt8]] = []

    init(_ user: String, password: String, connection: UInt64, manner: Manner, noAnswer: Duration) {
        self.user = user
        self.connection = ConnectionID(connection)
        self.manner = manner
        let configuration = UserAgentCoreConfiguration(
            identity: UserAgentIdentity(
                uri: SIPURI(user: user, host: "example.com"),
                contact: SIPURI(
                    user: "c\(connection)",
                    host: "d\(connection).invalid",
                    parameters: ["transport": "ws"]
                ),
                viaTransport: "WS",
                viaHost: "d\(connection).invalid"
            ),
            registration: RegistrationConfiguration(
                registrar: SIPURI(host: "example.com"),
                instanceID: "00000000-0000-4000-8000-00000000000\(connection)"
            ),
            noAnswerTimeout: noAnswer,
            credentials: DigestCredentials(user: user, secret: .password(Redacted(password)))
        )
        core = UserAgentCore(configuration: configuration, random: RandomSource(seed: connection))
    }

    func drain(at now: MonotonicTime) {
        while let output = core.pollOutput() {
            switch output {
            case .send(let bytes): sent.append(bytes)
            case .event(let event):
                events.append(event)
                switch event {
                case .newRTCSession(.remote, let id, _):
                    core.ring(id, at: now)
                    if manner == .answers { core.answer(id, body: answer, at: now) }
                case .session(let id, .answer): core.acceptAnswer(id, at: now)
                case .newMessage(let key, _): core.respond(to: key, statusCode: 200, at: now)
                default: break
                }
            case .connect, .disconnect: break
            }
        }
    }

    func takeSent() -> [[UInt8]] {
        defer { sent = [] }
        return sent
    }

    var incoming: SessionID? {
        events.compactMap { if case .newRTCSession(.remote, let id, _) = $0 { id } else { nil } }.last
    }

    /// The last thing that happened to a call.
    var story: [String] {
        events.compactMap { event in
            guard case .session(_, let event) = event else { return nil }
            return switch event {
            case .progress: "progress"
            case .accepted: "accepted"
            case .confirmed: "confirmed"
            case .failed(let originator, _, let cause): "failed \(originator) \(cause.rawValue)"
            case .ended(let originator, _, let cause): "ended \(originator) \(cause.rawValue)"
            default: nil
            }
        }
    }

    var isRegistered: Bool { core.isRegistered }
}

/// A registrar and the desks connected to it, in one virtual time.
final class Office {
    var registrar: RegistrarCore
    private(set) var now = MonotonicTime.zero
    private(set) var desks: [Desk] = []
    private(set) var log: [RegistrarOutput] = []
    /// Everything that was sent to the registrar, for tests that replay it.
    private(set) var conversation: [[UInt8]] = []

    init() {
        let users = ["alice": Redacted("wonder"), "bob": Redacted("builder"), "carol": Redacted("c")]
        registrar = RegistrarCore(
            configuration: RegistrarConfiguration(domain: "example.com", host: "127.0.0.1:8088", users: users),
            random: RandomSource(seed: 99)
        )
    }

    @discardableResult
    func add(
        _ user: String,
        password: String? = nil,
        manner: Desk.Manner = .answers,
        noAnswer: Duration = .seconds(60)
    ) -> Desk {
        let passwords = ["alice": "wonder", "bob": "builder", "carol": "c"]
        let desk = Desk(
            user,
            password: password ?? passwords[user] ?? "?",
            connection: UInt64(desks.count + 1),
            manner: manner,
            noAnswer: noAnswer
        )
        desks.append(desk)
        registrar.handleConnected(desk.connection)
        desk.core.start(at: now)
        desk.core.handleTransportConnected(at: now)
        settle()
        return desk
    }

    func act(_ desk: Desk, _ body: (inout UserAgentCore) -> Void) {
        body(&desk.core)
        settle()
    }

    func disconnect(_ desk: Desk) {
        desks.removeAll { $0 === desk }
        registrar.handleDisconnected(desk.connection, at: now)
        settle()
    }

    func settle() {
        for _ in 0..<200 {
            var isQuiet = true
            for desk in desks {
                desk.drain(at: now)
                for bytes in desk.takeSent() {
                    isQuiet = false
                    conversation.append(bytes)
                    registrar.handleMessage(bytes, from: desk.connection, at: now)
                }
            }
            while let output = registrar.pollOutput() {
                guard case .send(let bytes, let connection) = output else {
                    log.append(output)
                    continue
                }
                isQuiet = false
                desks.first { $0.connection == connection }?.core.handleMessage(bytes, at: now)
            }
            if isQuiet { return }
        }
        Issue.record("the office does not come to rest")
    }

    func advance(by duration: Duration) {
        let end = now + duration
        while let next = (desks.compactMap(\.core.nextTimeout) + [registrar.nextTimeout].compactMap(\.self)).min(),
            next <= end
        {
            now = max(now, next)
            for desk in desks { desk.core.handleTimeout(at: now) }
            registrar.handleTimeout(at: now)
            settle()
        }
        now = end
    }

    func call(_ desk: Desk, _ user: String) -> SessionID {
        let id = desk.core.invite(SIPURI(user: user, host: "example.com"), offer: offer, at: now)
        settle()
        return id
    }
}
