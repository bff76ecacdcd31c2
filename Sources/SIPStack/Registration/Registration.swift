package import SIPMessages
package import SansIO

/// What a ``Registration`` needs to know.
package struct RegistrationConfiguration: Sendable {
    /// Request-URI of REGISTER.
    package var registrar: SIPURI
    /// Seconds asked for; 0 asks for none in particular.
    package var expires: Int
    /// The user agent's instance, a UUID in text form (RFC 5626 §4.1).
    package var instanceID: String
    /// Parameters appended to the Contact.
    package var extraContactParameters: SIPParameters

    package init(
        registrar: SIPURI,
        expires: Int = 600,
        instanceID: String,
        extraContactParameters: SIPParameters = [:]
    ) {
        self.registrar = registrar
        self.expires = expires
        self.instanceID = instanceID
        self.extraContactParameters = extraContactParameters
    }
}

/// A consequence of a ``Registration``'s inputs.
package enum RegistrationOutput: Equatable {
    /// Send in a client transaction, credentials added.
    case send(SIPRequest)
    /// The registrar knows us; not repeated on refresh.
    case registered(SIPResponse)
    /// The registrar knows us no longer.
    case unregistered(SIPResponse?, SIPCause?)
    /// Registering failed; another try follows by itself unless the owner stops.
    case failed(SIPResponse?, SIPCause)
}

/// One binding at a registrar, kept alive (RFC 3261 §10.2, RFC 5626 §4.4–4.5).
///
/// Engine: inputs, then ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. The owner sends the requests,
/// answers challenges, and hands in the final response.
package struct Registration {
    private enum State: Equatable {
        case idle
        /// A REGISTER is on its way; whether a binding exists meanwhile.
        case registering(wasRegistered: Bool)
        case registered
        case unregistering
    }

    private enum Timer: Hashable { case refresh, expiry, retry }

    package var configuration: RegistrationConfiguration
    /// Whether the registrar holds an unexpired binding of ours.
    package private(set) var isRegistered = false
    /// Public GRUU, once the registrar has given one (RFC 5627).
    package private(set) var publicGRUU: String?

    private var state = State.idle
    private var timers = TimerTable<Timer>()
    private var outputs = OutputQueue<RegistrationOutput>()
    private let callID: String
    private var sequence: UInt32 = 0
    private var requestedExpires: Int
    private var consecutiveFailures = 0

    package init(configuration: RegistrationConfiguration, factory: inout RequestFactory) {
        self.configuration = configuration
        requestedExpires = configuration.expires
        callID = factory.makeCallID()
    }

    package var nextTimeout: MonotonicTime? { timers.nextDeadline }

    package mutating func pollOutput() -> RegistrationOutput? { outputs.popFirst() }

    // MARK: - Commands

    /// Registers, or refreshes the binding; nothing while a REGISTER is on its way.
    package mutating func register(factory: inout RequestFactory) {
        switch state {
        case .registering, .unregistering: return
        case .idle, .registered: break
        }
        timers.cancel(.retry)
        timers.cancel(.refresh)
        state = .registering(wasRegistered: isRegistered)
        send(
            contact: contact(expires: requestedExpires, factory: factory),
            expires: requestedExpires,
            factory: &factory
        )
    }

    /// Removes our binding, or every binding of the address of record.
    package mutating func unregister(all: Bool = false, factory: inout RequestFactory) {
        timers.cancelAll()
        guard isRegistered || all else {
            if case .registering = state { state = .idle }
            return
        }
        isRegistered = false
        state = .unregistering
        send(contact: all ? "*" : contact(expires: 0, factory: factory), expires: 0, factory: &factory)
    }

    /// The flow to the registrar is gone, and with it the binding's use (RFC 5626 §4.5).
    package mutating func handleTransportClosed() {
        timers.cancelAll()
        let wasRegistered = isRegistered || state == .unregistering
        (isRegistered, state, consecutiveFailures) = (false, .idle, 0)
        if wasRegistered { outputs.append(.unregistered(nil, nil)) }
    }

    // MARK: - Responses

    /// The final response to the REGISTER in flight; one whose CSeq is not the latest is out of date.
    package mutating func handle(_ response: SIPResponse, factory: inout RequestFactory, at now: MonotonicTime) {
        guard response.isFinal, let number = response.headers.cSeq?.number, number >= sequence else { return }
        sequence = number
        switch state {
        case .unregistering:
            state = .idle
            outputs.append(
                .unregistered(response, response.isSuccess ? nil : SIPCause(statusCode: response.statusCode))
            )
        case .registering(let wasRegistered):
            if response.isSuccess {
                accept(response, wasRegistered: wasRegistered, factory: &factory, at: now)
            } else if response.statusCode == 423, let minimum = response.headers.minExpires, minimum > requestedExpires
            {
                requestedExpires = max(minimum, Self.minimumExpires)
                state = wasRegistered ? .registered : .idle
                register(factory: &factory)
            } else {
                let retryAfter = response.headers.retryAfter
                fail(response, SIPCause(statusCode: response.statusCode), retryAfter, factory: &factory, at: now)
            }
        case .idle, .registered: break
        }
    }

    /// The REGISTER in flight got no response, or could not be sent.
    package mutating func handleFailure(_ cause: SIPCause, factory: inout RequestFactory, at now: MonotonicTime) {
        switch state {
        case .registering: fail(nil, cause, nil, factory: &factory, at: now)
        case .unregistering:
            state = .idle
            outputs.append(.unregistered(nil, cause))
        case .idle, .registered: break
        }
    }

    package mutating func handleTimeout(factory: inout RequestFactory, at now: MonotonicTime) {
        while let timer = timers.popExpired(at: now) {
            switch timer {
            case .refresh, .retry: register(factory: &factory)
            case .expiry:
                isRegistered = false
                outputs.append(.unregistered(nil, nil))
            }
        }
    }

    private mutating func accept(
        _ response: SIPResponse,
        wasRegistered: Bool,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        guard let binding = ownBinding(in: response, factory: factory) else {
            // Deviation: JsSIP waits for ever here. A registrar that does not list us has not registered us.
            return fail(response, .sipFailureCode, nil, factory: &factory, at: now)
        }
        consecutiveFailures = 0
        state = .registered
        isRegistered = true
        publicGRUU = binding.parameters.unquoted("pub-gruu") ?? publicGRUU
        let stated = binding.parameters["expires"].flatMap { Int($0) } ?? response.headers.expires ?? requestedExpires
        let granted = max(stated, Self.minimumExpires)
        timers.set(.expiry, at: now + .seconds(granted))
        timers.set(.refresh, at: now + .seconds(Self.refreshDelay(granted: granted, factory: &factory)))
        if !wasRegistered { outputs.append(.registered(response)) }
    }

    /// Seconds until the refresh: somewhere in the second half, with half a minute to spare for long grants.
    private static func refreshDelay(granted: Int, factory: inout RequestFactory) -> Int {
        guard granted > 64 else { return granted - 5 }
        let half = granted / 2
        return half + factory.random(in: 0...max(0, half - 32))
    }

    /// By instance and reg-id, else by the Contact's user.
    private func ownBinding(in response: SIPResponse, factory: RequestFactory) -> NameAddress? {
        guard case .addresses(let contacts) = response.headers.contacts else { return nil }
        let instance = "<urn:uuid:\(configuration.instanceID)>".lowercased()
        return contacts.first {
            $0.parameters.unquoted("+sip.instance")?.lowercased() == instance && $0.parameters["reg-id"] == "1"
        } ?? contacts.first { $0.uri.sipURI?.user == factory.identity.contact.user }
    }

    private mutating func fail(
        _ response: SIPResponse?,
        _ cause: SIPCause,
        _ retryAfter: Int?,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        let wasRegistered = isRegistered
        isRegistered = false
        state = .idle
        timers.cancelAll()
        consecutiveFailures += 1
        let delay = retryAfter ?? Self.retryDelay(after: consecutiveFailures, cause, factory: &factory)
        timers.set(.retry, at: now + .seconds(delay))
        outputs.append(.failed(response, cause))
        if wasRegistered { outputs.append(.unregistered(response, cause)) }
    }

    /// RFC 5626 §4.5: 30 s doubling up to 30 minutes, spread over its upper half; what will not mend itself waits longest.
    private static func retryDelay(after failures: Int, _ cause: SIPCause, factory: inout RequestFactory) -> Int {
        let limit = 1800
        switch cause {
        case .rejected, .notFound, .authenticationError: return factory.random(in: limit / 2...limit)
        default:
            let wait = min(limit, 30 << min(failures, 10))
            return factory.random(in: wait / 2...wait)
        }
    }

    // MARK: - Requests

    private func contact(expires: Int, factory: RequestFactory) -> String {
        var parameters: SIPParameters = ["+sip.ice": nil, "reg-id": "1"]
        parameters.set("+sip.instance", to: "\"<urn:uuid:\(configuration.instanceID)>\"")
        if expires > 0 || requestedExpires > 0 { parameters.set("expires", to: String(expires)) }
        for parameter in configuration.extraContactParameters.all {
            parameters.set(parameter.name, to: parameter.value)
        }
        return NameAddress(uri: factory.identity.contact, parameters: parameters).description
    }

    private mutating func send(contact: String, expires: Int, factory: inout RequestFactory) {
        sequence += 1
        let recipient = NameAddress(displayName: factory.identity.displayName, uri: factory.identity.uri)
        var request = factory.makeRequest(
            .register,
            uri: .sip(configuration.registrar),
            from: factory.makeFrom(),
            to: recipient,
            callID: callID,
            sequence: sequence
        )
        request.headers.append("Contact", contact)
        if expires > 0 || state == .unregistering { request.headers.append("Expires", String(expires)) }
        factory.finish(&request, supported: ["path", "gruu", "outbound"])
        outputs.append(.send(request))
    }

    /// A shorter grant is taken for this: JsSIP's floor.
    private static let minimumExpires = 10
}
