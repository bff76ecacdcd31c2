import SIPMessages
import SIPStack
import SansIO
import Testing

/// A user agent core on a wire in virtual time, its peer either another one or the test itself.
final class Agent {
    let name: String
    var core: UserAgentCore
    private(set) var sent: [SIPMessage] = []
    private(set) var events: [UserAgentCoreEvent] = []
    /// Called with each event, as the owner of a core would act on it.
    var onEvent: (Agent, UserAgentCoreEvent) -> Void = { _, _ in }
    var now = MonotonicTime.zero
    private var undelivered: [[UInt8]] = []

    init(
        _ name: String,
        registers: Bool = false,
        noAnswerTimeout: Duration = .seconds(60),
        credentials: DigestCredentials? = nil,
        seed: UInt64 = 1
    ) {
        self.name = name
        let identity = UserAgentIdentity(
            uri: SIPURI(user: name, host: "example.com"),
            contact: SIPURI(user: "contact-\(name)", host: "\(name).invalid", parameters: ["transport": "ws"]),
            viaTransport: "WS",
            viaHost: "\(name).invalid"
        )
        let configuration = UserAgentCoreConfiguration(
            identity: identity,
            registration: RegistrationConfiguration(
                registrar: SIPURI(host: "example.com"),
                instanceID: "8f1fa16a-1165-4a96-8341-785b1ef24f12"
            ),
            registersOnConnect: registers,
            noAnswerTimeout: noAnswerTimeout,
            credentials: credentials
        )
        core = UserAgentCore(configuration: configuration, random: RandomSource(seed: seed))
    }

    func connect() {
        core.start(at: now)
        core.handleTransportConnected(at: now)
        drain()
        events = []
    }

    func drain() {
        while let output = core.pollOutput() {
            switch output {
            case .send(let bytes):
                undelivered.append(bytes)
                if case .message(let message) = SIPMessageParser.parse(bytes) { sent.append(message) }
            case .event(let event):
                events.append(event)
                onEvent(self, event)
            case .connect, .disconnect: break
            }
        }
    }

    func act(_ body: (inout UserAgentCore) -> Void) {
        body(&core)
        drain()
    }

    func takeUndelivered() -> [[UInt8]] {
        defer { undelivered = [] }
        return undelivered
    }

    func receive(_ bytes: [UInt8]) {
        core.handleMessage(bytes, at: now)
        drain()
    }

    func receive(_ response: SIPResponse) { receive(response.serialised()) }
    func receive(_ request: SIPRequest) { receive(request.serialised()) }

    /// Lets time pass, stopping at each deadline on the way.
    func advance(by duration: Duration) {
        let end = now + duration
        while let next = core.nextTimeout, next <= end {
            now = max(now, next)
            core.handleTimeout(at: now)
            drain()
        }
        now = end
    }

    var requests: [SIPRequest] {
        sent.compactMap { if case .request(let request) = $0 { request } else { nil } }
    }

    var responses: [SIPResponse] {
        sent.compactMap { if case .response(let response) = $0 { response } else { nil } }
    }

    func lastRequest(_ method: SIPMethod) throws -> SIPRequest {
        try #require(requests.last { $0.method == method })
    }

    /// The session events so far, without their payloads: `progress remote`, `failed system Request Timeout`.
    var story: [String] {
        events.compactMap { event in
            guard case .session(_, let event) = event else { return nil }
            return switch event {
            case .progress(let originator, _): "progress \(originator)"
            case .earlyAnswer: "earlyAnswer"
            case .answer: "answer"
            case .accepted(let originator, _): "accepted \(originator)"
            case .confirmed(let originator, _): "confirmed \(originator)"
            case .reoffer: "reoffer"
            case .newDTMF(let signal): "newDTMF \(signal.tone)"
            case .newInfo: "newInfo"
            case .failed(let originator, _, let cause): "failed \(originator) \(cause.rawValue)"
            case .ended(let originator, _, let cause): "ended \(originator) \(cause.rawValue)"
            }
        }
    }
}

/// Two agents back to back, in one virtual time.
final class Line {
    let caller: Agent
    let callee: Agent

    init(caller: Agent, callee: Agent) {
        (self.caller, self.callee) = (caller, callee)
        caller.connect()
        callee.connect()
    }

    /// Carries messages until nobody has anything to say.
    func settle() {
        var rounds = 0
        while rounds < 100 {
            let (forCallee, forCaller) = (caller.takeUndelivered(), callee.takeUndelivered())
            if forCallee.isEmpty, forCaller.isEmpty { return }
            forCallee.forEach(callee.receive)
            forCaller.forEach(caller.receive)
            rounds += 1
        }
        Issue.record("the agents do not come to rest")
    }

    func advance(by duration: Duration) {
        let end = caller.now + duration
        while let next = [caller.core.nextTimeout, callee.core.nextTimeout].compactMap(\.self).min(), next <= end {
            for agent in [caller, callee] {
                agent.now = max(agent.now, next)
                agent.core.handleTimeout(at: agent.now)
                agent.drain()
            }
            settle()
        }
        (caller.now, callee.now) = (end, end)
    }
}

let offer = SessionBody(bytes: Array("v=0 offer\r\n".utf8))
let answer = SessionBody(bytes: Array("v=0 answer\r\n".utf8))

extension Agent {
    /// Rings when called.
    func ringing() -> Agent {
        onEvent = { agent, event in
            if case .newRTCSession(.remote, let id, _) = event { agent.core.ring(id, at: agent.now) }
        }
        return self
    }

    /// Accepts every answer that comes, and answers every call when `answers`.
    func willing(answers: Bool = true) -> Agent {
        onEvent = { agent, event in
            switch event {
            case .newRTCSession(.remote, let id, _):
                agent.core.ring(id, at: agent.now)
                if answers { agent.core.answer(id, body: answer, at: agent.now) }
            case .session(let id, .answer): agent.core.acceptAnswer(id, at: agent.now)
            default: break
            }
        }
        return self
    }

    func call(_ user: String = "bob") -> SessionID {
        let id = core.invite(SIPURI(user: user, host: "example.com"), offer: offer, at: now)
        drain()
        return id
    }

    /// The session of the newest incoming call.
    func incoming() throws -> SessionID {
        try #require(
            events.compactMap { if case .newRTCSession(.remote, let id, _) = $0 { id } else { nil } }.last
        )
    }
}
