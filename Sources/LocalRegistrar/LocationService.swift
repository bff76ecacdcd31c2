internal import SIPMessages
internal import SIPStack
internal import SansIO

/// One connection of a client to the registrar.
package struct ConnectionID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One contact of an address of record, reached over the connection that registered it (RFC 5626 §3).
struct Binding {
    var contact: NameAddress
    var connection: ConnectionID
    var expiry: MonotonicTime
    var callID: String
    var sequence: UInt32

    /// What makes two registrations the same binding: instance and reg-id, else the contact's URI (RFC 5626 §6).
    var identity: String {
        if let instance = contact.parameters.unquoted("+sip.instance"), let id = contact.parameters["reg-id"] {
            return "\(instance.lowercased());\(id)"
        }
        return contact.uri.description
    }
}

/// Who is where: bindings by user, and the connections behind contact addresses.
struct LocationService {
    private var bindings: [String: [Binding]] = [:]
    /// Contacts seen in requests and responses, so that requests within a dialog find their way.
    private var flows: [String: ConnectionID] = [:]

    static let bindingLimit = 16
    private static let flowLimit = 20_000

    var users: Int { bindings.count }

    /// The live bindings of a user.
    func bindings(of user: String, at now: MonotonicTime) -> [Binding] {
        (bindings[user] ?? []).filter { $0.expiry > now }
    }

    /// Adds or refreshes a binding; false when the user has too many.
    mutating func bind(_ binding: Binding, user: String, at now: MonotonicTime) -> Bool {
        var list = bindings(of: user, at: now).filter { $0.identity != binding.identity }
        guard list.count < Self.bindingLimit else { return false }
        list.append(binding)
        bindings[user] = list
        note(binding.contact, connection: binding.connection)
        return true
    }

    mutating func unbind(_ identity: String?, user: String) {
        guard let identity else {
            bindings[user] = nil
            return
        }
        bindings[user]?.removeAll { $0.identity == identity }
        if bindings[user]?.isEmpty == true { bindings[user] = nil }
    }

    /// Remembers over which connection a contact is reached.
    mutating func note(_ contact: NameAddress?, connection: ConnectionID) {
        guard let uri = contact?.uri.sipURI, flows.count < Self.flowLimit else { return }
        flows[Self.key(uri)] = connection
    }

    func connection(of uri: SIPURI) -> ConnectionID? { flows[Self.key(uri)] }

    /// Forgets what a closed connection carried; the users that lost a binding.
    mutating func remove(_ connection: ConnectionID) -> [String] {
        flows = flows.filter { $0.value != connection }
        var users: [String] = []
        for (user, list) in bindings where list.contains(where: { $0.connection == connection }) {
            users.append(user)
            bindings[user] = list.filter { $0.connection != connection }
            if bindings[user]?.isEmpty == true { bindings[user] = nil }
        }
        return users
    }

    private static func key(_ uri: SIPURI) -> String {
        "\(uri.user ?? "")@\(uri.host):\(uri.port.map(String.init) ?? "")"
    }
}
