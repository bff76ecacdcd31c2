package import SansIO

/// A network and its clock in memory: endpoints exchange datagrams over shaped links, and time jumps to the next event.
///
/// Everything is a function of the seed and of what the endpoints do, so a run replays bit for bit. Attach endpoints,
/// set profiles, then call one of the `run` functions. Confined to the caller; endpoints and scheduled actions are called
/// from within `run` only.
package final class VirtualNetwork {
    /// Virtual time.
    package private(set) var now: MonotonicTime
    package private(set) var counters = NetworkCounters()
    /// Called for everything that happens to a datagram.
    package var trace: ((TraceRecord) -> Void)?
    /// Sees, and may change, every datagram before its link does; false drops it.
    ///
    /// Arguments: the datagram, its source and its destination as the sender wrote them.
    package var intercept: ((PacketBuffer, SocketAddress, SocketAddress) -> Bool)?

    private var nodes: [Node] = []
    private var boxes: [NATBox] = []
    private var residents: [Place: Node] = [:]
    private var links: LinkTable
    private var events = EventQueue<Event>()
    private var stall = StallGuard()

    /// - Parameters:
    ///   - seed: Seeds the shapers of all links.
    ///   - profile: What links do for which nothing else is set.
    ///   - start: Where the clock begins.
    package init(seed: UInt64, profile: LinkProfile = .perfect, start: MonotonicTime = .zero) {
        links = LinkTable(seed: seed, profile: profile)
        now = start
    }

    /// Attaches an endpoint at addresses; may be called again for more addresses of the same endpoint.
    ///
    /// - Parameter box: The NAT the addresses lie behind; addresses behind different boxes may be equal.
    package func attach(
        _ endpoint: any DatagramEndpoint,
        at addresses: SocketAddress...,
        behind box: NATBox? = nil
    ) {
        let realm = realm(of: box)
        let node = node(of: endpoint) ?? addNode(endpoint)
        for address in addresses {
            let place = Place(realm: realm, address: address)
            precondition(residents[place] == nil, "two endpoints at \(address)")
            residents[place] = node
            node.places.append(place)
        }
    }

    /// Takes an endpoint off the network; what is on its way to it becomes undeliverable.
    package func detach(_ endpoint: any DatagramEndpoint) {
        nodes.removeAll { $0.endpoint === endpoint }
        residents = residents.filter { $0.value.endpoint !== endpoint }
    }

    /// Takes one address from the endpoint that holds it, as when an interface goes down.
    package func detach(address: SocketAddress, behind box: NATBox? = nil) {
        let place = Place(realm: realm(of: box), address: address)
        residents.removeValue(forKey: place)?.places.removeAll { $0 == place }
    }

    /// Sets what happens to datagrams from one address to another; `nil` stands for any.
    ///
    /// Addresses are those of endpoints, behind a NAT their inside ones. Where several settings match, both ends given
    /// beats source given beats destination given. Takes effect for datagrams sent from now on.
    package func setProfile(
        _ profile: LinkProfile,
        from source: SocketAddress? = nil,
        to destination: SocketAddress? = nil
    ) {
        links.setProfile(profile, from: source, to: destination)
    }

    /// Counters of the links that match, added up; `nil` stands for any.
    package func linkCounters(from source: SocketAddress? = nil, to destination: SocketAddress? = nil) -> LinkCounters {
        links.counters(from: source, to: destination)
    }

    /// The routes an endpoint has asked for and not given back.
    package func routes(of endpoint: any DatagramEndpoint) -> Set<DatagramRoute> { node(of: endpoint)?.routes ?? [] }

    /// Sends a datagram as if from a public address, whether an endpoint is attached there or not.
    package func send(_ bytes: some Sequence<UInt8>, from source: SocketAddress, to destination: SocketAddress) {
        transmit(PacketBuffer(bytes), from: Place(realm: .publicRealm, address: source), to: destination)
    }

    /// Runs `action` at a time, or at once when that has passed, within `run`.
    package func schedule(at time: MonotonicTime, _ action: @escaping () -> Void) {
        events.schedule(.action(action), at: max(time, now))
    }

    /// Runs `action` after a delay, within `run`.
    package func schedule(after delay: Duration, _ action: @escaping () -> Void) { schedule(at: now + delay, action) }

    /// Runs everything that happens up to and including `deadline`, and leaves the clock there.
    package func run(until deadline: MonotonicTime) throws(VirtualNetworkError) {
        stall = StallGuard()
        while try step(notAfter: deadline) {}
        now = max(now, deadline)
    }

    /// Runs for a stretch of virtual time.
    package func run(for duration: Duration) throws(VirtualNetworkError) { try run(until: now + duration) }

    /// Runs until `condition` holds; it is asked before the first event and after each.
    ///
    /// - Returns: False when `timeout` has passed and the condition does not hold; the clock then stands at the timeout.
    package func run(until condition: () -> Bool, timeout: Duration) throws(VirtualNetworkError) -> Bool {
        let deadline = now + timeout
        stall = StallGuard()
        while !condition() {
            guard try step(notAfter: deadline) else {
                now = max(now, deadline)
                return condition()
            }
        }
        return true
    }

    /// Does the next thing unless it lies beyond `deadline`; false when there is none.
    private func step(notAfter deadline: MonotonicTime) throws(VirtualNetworkError) -> Bool {
        try drain()
        let alarm = nextAlarm()
        switch (events.nextTime, alarm) {
        case (let time?, _) where time <= deadline && time <= alarm?.time ?? .distantFuture:
            try advance(to: time, cause: .events)
            perform(events.popFirst())
        case (_, let alarm?) where alarm.time <= deadline:
            try advance(to: alarm.time, cause: .endpoint(String(describing: type(of: alarm.node.endpoint))))
            counters.steps += 1
            alarm.node.endpoint.handleTimeout(at: now)
        default:
            return false
        }
        try drain()
        return true
    }

    private func advance(to time: MonotonicTime, cause: VirtualNetworkError.Cause) throws(VirtualNetworkError) {
        now = max(now, time)
        try stall.step(at: now, cause: cause)
    }

    /// The endpoint that wants to be woken first; on a tie the one attached first.
    private func nextAlarm() -> (node: Node, time: MonotonicTime)? {
        var first: (node: Node, time: MonotonicTime)?
        for node in nodes {
            guard let time = node.endpoint.nextTimeout, time < first?.time ?? .distantFuture else { continue }
            first = (node, time)
        }
        return first
    }

    private func perform(_ event: Event?) {
        switch event {
        case .delivery(let datagram): deliver(datagram)
        case .action(let action): action()
        case nil: break
        }
    }

    private func drain() throws(VirtualNetworkError) {
        for node in nodes {
            var outputs = 0
            while let output = node.endpoint.pollOutput() {
                outputs += 1
                guard outputs <= StallGuard.outputLimit else {
                    let name = String(describing: type(of: node.endpoint))
                    throw VirtualNetworkError.endlessOutput(at: now, endpoint: name)
                }
                switch output {
                case .transmit(let datagram, let source, let destination):
                    guard let place = node.places.first(where: { $0.address == source }) else {
                        counters.misaddressed += 1
                        record(.misaddressed, from: source, to: destination, size: datagram.count)
                        continue
                    }
                    transmit(datagram, from: place, to: destination)
                case .route(let route): node.routes.insert(route)
                case .unroute(let route): node.routes.remove(route)
                }
            }
        }
    }

    private func transmit(_ datagram: PacketBuffer, from place: Place, to destination: SocketAddress) {
        guard intercept?(datagram, place.address, destination) ?? true else {
            counters.intercepted += 1
            record(.intercepted, from: place.address, to: destination, size: datagram.count)
            return
        }
        var source = place.address
        var realm = place.realm
        if let box = box(of: place.realm), residents[Place(realm: place.realm, address: destination)] == nil {
            guard let mapped = box.translateOutbound(from: source, to: destination, at: now) else {
                counters.filtered += 1
                record(.filtered, from: source, to: destination, size: datagram.count)
                return
            }
            (source, realm) = (mapped, .publicRealm)
        }
        let link = links.link(from: place.address, to: finalAddress(of: destination))
        let fate = link.shape(size: datagram.count, at: now)
        record(.sent(fate), from: source, to: destination, size: datagram.count)
        for arrival in fate.deliveries {
            // A copy, so that nothing an endpoint keeps hold of is shared with another.
            let copy = PacketBuffer()
            copy.append(datagram.bytes)
            let flight = Flight(
                datagram: copy,
                source: source,
                destination: Place(realm: realm, address: destination),
                link: link
            )
            events.schedule(.delivery(flight), at: arrival)
        }
    }

    /// The endpoint's own address behind a public one, for the choice of the link; no filter applies.
    private func finalAddress(of destination: SocketAddress) -> SocketAddress {
        boxes.first { $0.publicIP == destination.ip }?.insideAddress(of: destination.port, at: now) ?? destination
    }

    private func deliver(_ flight: Flight) {
        var place = flight.destination
        let size = flight.datagram.count
        if let index = boxes.firstIndex(where: { $0.publicIP == place.address.ip }), place.realm == .publicRealm {
            let inside = boxes[index].translateInbound(from: flight.source, to: place.address.port, at: now)
            guard let inside else {
                counters.filtered += 1
                return record(.filtered, from: flight.source, to: place.address, size: size)
            }
            place = Place(realm: .behind(index), address: inside)
        }
        guard let node = residents[place] else {
            counters.undeliverable += 1
            return record(.undeliverable, from: flight.source, to: place.address, size: size)
        }
        flight.link.countDelivery(size: size)
        counters.steps += 1
        record(.delivered, from: flight.source, to: place.address, size: size)
        node.endpoint.handle(flight.datagram, from: flight.source, on: place.address, at: now)
    }

    private func record(
        _ outcome: TraceRecord.Outcome,
        from source: SocketAddress,
        to destination: SocketAddress,
        size: Int
    ) {
        guard let trace else { return }
        trace(TraceRecord(time: now, source: source, destination: destination, size: size, outcome: outcome))
    }

    private func node(of endpoint: any DatagramEndpoint) -> Node? { nodes.first { $0.endpoint === endpoint } }

    private func addNode(_ endpoint: any DatagramEndpoint) -> Node {
        let node = Node(endpoint)
        nodes.append(node)
        return node
    }

    private func realm(of box: NATBox?) -> Realm {
        guard let box else { return .publicRealm }
        if let index = boxes.firstIndex(where: { $0 === box }) { return .behind(index) }
        boxes.append(box)
        return .behind(boxes.count - 1)
    }

    private func box(of realm: Realm) -> NATBox? {
        switch realm {
        case .publicRealm: nil
        case .behind(let index): boxes[index]
        }
    }
}

extension VirtualNetwork {
    /// Where addresses mean something: the public network, or the inside of one NAT.
    private enum Realm: Hashable {
        case publicRealm
        case behind(Int)
    }

    private struct Place: Hashable {
        let realm: Realm
        let address: SocketAddress
    }

    private final class Node {
        let endpoint: any DatagramEndpoint
        var places: [Place] = []
        var routes: Set<DatagramRoute> = []

        init(_ endpoint: any DatagramEndpoint) { self.endpoint = endpoint }
    }

    /// A datagram on its way, addressed as on the wire.
    private struct Flight {
        let datagram: PacketBuffer
        let source: SocketAddress
        let destination: Place
        let link: Link
    }

    private enum Event {
        case delivery(Flight)
        case action(() -> Void)
    }
}

extension MonotonicTime {
    fileprivate static let distantFuture = MonotonicTime(nanoseconds: .max)
}
