internal import SansIO

/// An endpoint on its loop, with what the loop keeps for it.
final class EndpointSlot<Endpoint: DatagramEndpoint> {
    let id: EndpointID
    let endpoint: Endpoint
    let sockets: [UDPSocket]
    /// The addresses in the peer's description, for placing later endpoints.
    let peers: [SocketAddress]
    var routes: Set<DatagramRoute> = []
    /// Whether its deadline must be looked at before the loop sleeps.
    var isTouched = false

    init(id: EndpointID, endpoint: Endpoint, sockets: [UDPSocket], peers: [SocketAddress]) {
        self.id = id
        self.endpoint = endpoint
        self.sockets = sockets
        self.peers = peers
    }

    func socket(bound local: SocketAddress) -> UDPSocket? { sockets.first { $0.local == local } }

    var usesSharedSockets: Bool {
        sockets.contains { socket in
            if case .shared = socket.use { return true }
            return false
        }
    }

    func knows(_ remote: SocketAddress) -> Bool {
        peers.contains(remote)
            || routes.contains { route in
                if case .path(_, remote) = route { return true }
                return false
            }
    }
}

/// The endpoints of a loop by index; an id outlives its endpoint without naming the next one.
struct EndpointTable<Endpoint: DatagramEndpoint> {
    private var slots: [EndpointSlot<Endpoint>?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    private(set) var count = 0

    subscript(id: EndpointID) -> EndpointSlot<Endpoint>? {
        guard let slot = self[Int(id.index)], slot.id == id else { return nil }
        return slot
    }

    subscript(index: Int) -> EndpointSlot<Endpoint>? { index < slots.count ? slots[index] : nil }

    /// An id for an endpoint about to be inserted.
    mutating func reserve() -> EndpointID {
        if let index = free.popLast() {
            generations[index] &+= 1
            return EndpointID(index: UInt32(index), generation: generations[index])
        }
        slots.append(nil)
        generations.append(0)
        return EndpointID(index: UInt32(slots.count - 1), generation: 0)
    }

    mutating func insert(_ slot: EndpointSlot<Endpoint>) {
        slots[Int(slot.id.index)] = slot
        count += 1
    }

    /// Gives back an id that was reserved in vain.
    mutating func release(_ id: EndpointID) { free.append(Int(id.index)) }

    mutating func remove(_ id: EndpointID) -> EndpointSlot<Endpoint>? {
        guard let slot = self[id] else { return nil }
        slots[Int(id.index)] = nil
        free.append(Int(id.index))
        count -= 1
        return slot
    }

    var all: [EndpointSlot<Endpoint>] { slots.compactMap { $0 } }
}
