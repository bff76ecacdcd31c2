package import SansIO
internal import Synchronization

/// The driver of the calls placed on one thread: their sockets, their timers, their datagrams.
///
/// Owns endpoints that are not `Sendable` and calls them only on its own thread, once per tick for all that has come:
/// the loop reads its sockets, routes each datagram, serves the timers that are due, and sends what the endpoints put
/// out, in batches. An endpoint reaches others through what it holds itself, such as a bounded queue.
///
/// The arrival times handed to endpoints are the kernel's and may lie up to a tick before the `now` of an earlier call.
/// A loop lives until ``shutDown()``.
package actor MediaLoop<Endpoint: DatagramEndpoint & SendableMetatype> {
    private nonisolated let thread: EventLoopThread
    private nonisolated let configuration: MediaLoopConfiguration
    private nonisolated let placed = Atomic<Int>(0)
    private let pool = PacketPool()
    private let received: ReceiveBatch
    private let sending = SendBatch()
    private var endpoints = EndpointTable<Endpoint>()
    private var sockets: SocketTable
    private var router = DatagramRouter()
    private var deadlines = DeadlineHeap()
    /// Endpoints whose deadline may have changed since the loop last slept, and sockets with something to send.
    private var touched: [EndpointSlot<Endpoint>] = []
    private var unsent: [UDPSocket] = []
    private var quietUntil = MonotonicTime.zero
    private var tally = MediaLoopCounters()
    private var isShutDown = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// Starts the loop's thread.
    ///
    /// - Parameter name: The thread's name, at most 15 characters.
    package init(configuration: MediaLoopConfiguration = .init(), name: String = "media") throws(ThreadError) {
        thread = try EventLoopThread()
        self.configuration = configuration
        sockets = SocketTable(configuration)
        received = ReceiveBatch(pool: pool)
        try thread.start(name: name) { ready in
            self.assumeIsolated { $0.turn(ready) }
        }
    }

    /// Makes an endpoint on the loop.
    ///
    /// - Parameters:
    ///   - sockets: Whether it shares the loop's port.
    ///   - includesLoopback: Whether it also uses the loopback addresses, which only a peer on this machine can reach.
    ///   - make: Called on the loop with the addresses its sockets are bound to; what it throws is rethrown.
    /// - Throws: ``MediaLoopError`` when it can have no socket.
    package func addEndpoint(
        sockets choice: SocketChoice,
        includesLoopback: Bool = false,
        make: @Sendable (EndpointContext) throws -> Endpoint
    ) throws -> EndpointID {
        guard !isShutDown else { throw MediaLoopError.shutDown }
        let id = endpoints.reserve()
        var own: [UDPSocket] = []
        do {
            let sockets = try openSockets(choice, for: id, includesLoopback: includesLoopback)
            own = sockets.filter { $0.use == .own(id) }
            let context = EndpointContext(
                localAddresses: sockets.map(\.local),
                pool: pool,
                now: SystemClock.now
            )
            var peers: [SocketAddress] = []
            if case .shared(let described) = choice { peers = described }
            let slot = EndpointSlot(id: id, endpoint: try make(context), sockets: sockets, peers: peers)
            endpoints.insert(slot)
            placed.add(1, ordering: .relaxed)
            drain(slot)
            return id
        } catch {
            own.forEach { self.sockets.close($0, thread: thread) }
            endpoints.release(id)
            throw error
        }
    }

    /// Removes an endpoint, its routes and its own sockets, after sending what it has put out.
    ///
    /// An id that is gone already changes nothing.
    package func removeEndpoint(_ id: EndpointID) {
        guard let slot = endpoints[id] else { return }
        drain(slot)
        flush()
        forget(slot)
    }

    /// Runs `body` with the endpoint on the loop, then carries out what the endpoint puts out.
    ///
    /// - Throws: What `body` throws, or ``MediaLoopError/noSuchEndpoint``.
    package func withEndpoint<Result: Sendable>(
        _ id: EndpointID,
        _ body: @Sendable (Endpoint, MonotonicTime) throws -> Result
    ) throws -> Result {
        guard let slot = endpoints[id] else { throw MediaLoopError.noSuchEndpoint }
        defer { drain(slot) }
        return try body(slot.endpoint, SystemClock.now)
    }

    /// Runs `body` with the endpoint on the loop, soon, in the order of the calls; not at all when it is gone.
    ///
    /// For other threads that must not wait; needs no task.
    package nonisolated func enqueue(
        _ id: EndpointID,
        _ body: @escaping @Sendable (Endpoint, MonotonicTime) -> Void
    ) {
        thread.execute {
            self.assumeIsolated { loop in
                guard let slot = loop.endpoints[id] else { return }
                body(slot.endpoint, SystemClock.now)
                loop.drain(slot)
            }
        }
    }

    /// What the loop has done so far.
    package var counters: MediaLoopCounters {
        var counters = tally
        counters.kernelDrops = sockets.kernelDrops
        return counters
    }

    /// Endpoints placed here, for balancing; may be read anywhere.
    package nonisolated var load: Int { placed.load(ordering: .relaxed) }

    /// Whether the caller runs on this loop's thread.
    package nonisolated var isOnLoop: Bool { thread.isOnLoop }

    /// Drops every endpoint, closes the sockets, and ends the thread.
    package nonisolated func shutDown() async {
        await close()
        thread.stop()
    }

    private func close() {
        isShutDown = true
        for slot in endpoints.all {
            drain(slot)
            flush()
            forget(slot)
        }
        sockets.closeAll(thread: thread)
    }
}

// One turn of the loop

extension MediaLoop {
    private func turn(_ ready: [UInt64]) -> EventLoopThread.Sleep {
        let start = SystemClock.now
        // A job may wake the loop between ticks; then only what the job caused is carried out.
        if start >= quietUntil {
            watch(start)
            for token in ready { receive(token) }
            let now = SystemClock.now
            let fired = serveTimers(at: now)
            if fired || !ready.isEmpty { quietUntil = start + configuration.tick }
        }
        rearm()
        flush()
        var deadline = deadlines.earliest
        if !unsent.isEmpty {
            let retry = SystemClock.now + Self.sendRetryInterval
            deadline = min(deadline ?? retry, retry)
        }
        return EventLoopThread.Sleep(quietUntil: quietUntil, deadline: deadline)
    }

    private func watch(_ start: MonotonicTime) {
        tally.turns += 1
        guard let planned = deadlines.earliest.map({ max($0, quietUntil) }), planned < start else { return }
        let lateness = start - planned
        tally.greatestLateness = max(tally.greatestLateness, lateness)
        if lateness > configuration.latenessLimit { tally.lateTurns += 1 }
    }

    private func receive(_ token: UInt64) {
        guard let socket = sockets[token] else { return }  // closed since the wake-up
        for _ in 0..<Self.batchesPerSocket {
            socket.receive(into: received)
            guard received.count > 0 else { return }
            tally.receivedBatches += 1
            tally.receivedDatagrams += UInt64(received.count)
            for index in 0..<received.count { deliver(index, on: socket) }
            guard received.count == ReceiveBatch.capacity else { return }
        }
    }

    private func deliver(_ index: Int, on socket: UDPSocket) {
        guard !received.isTruncated(at: index) else {
            tally.truncated += 1
            return
        }
        let remote = received.remote(at: index)
        guard let slot = recipient(of: received.buffer(at: index), from: remote, on: socket) else { return }
        slot.endpoint.handle(
            received.buffer(at: index),
            from: remote,
            on: socket.local,
            at: received.arrival(at: index)
        )
        drain(slot)
    }

    private func recipient(
        of datagram: PacketBuffer,
        from remote: SocketAddress,
        on socket: UDPSocket
    ) -> EndpointSlot<Endpoint>? {
        switch socket.use {
        case .own(let id): return endpoints[id]
        case .shared(let number):
            switch router.route(datagram.bytes, from: remote, socket: number) {
            case .endpoint(let id): return endpoints[id]
            case .unknownUsername: tally.unknownUsernames += 1
            case .unknownTransaction: tally.unknownTransactions += 1
            case .unknownPath: tally.unknownPaths += 1
            }
            return nil
        }
    }

    /// Fires each deadline that is due once, so that an endpoint that asks for now again cannot hold up the others.
    private func serveTimers(at now: MonotonicTime) -> Bool {
        var fired = false
        while let index = deadlines.popDue(at: now) {
            guard let slot = endpoints[index] else { continue }
            fired = true
            slot.endpoint.handleTimeout(at: now)
            drain(slot)
        }
        return fired
    }

    private func rearm() {
        guard !touched.isEmpty else { return }
        // With no tick to slow it down, an endpoint that asks for now for ever would spin the loop.
        let earliest = SystemClock.now + Self.shortestTimer
        for slot in touched {
            slot.isTouched = false
            guard endpoints[slot.id] != nil else { continue }
            let deadline = slot.endpoint.nextTimeout.map { max($0, earliest) }
            deadlines.set(Int(slot.id.index), to: deadline)
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func flush() {
        guard !unsent.isEmpty else { return }
        for socket in unsent { socket.flush(sending, pool: pool, counters: &tally) }
        unsent.removeAll { !$0.hasOutput }
    }

    /// Sixteen full batches, then the other sockets have their turn.
    private static var batchesPerSocket: Int { 16 }
    private static var sendRetryInterval: Duration { .milliseconds(1) }
    private static var shortestTimer: Duration { .microseconds(200) }
}

// What endpoints put out

extension MediaLoop {
    private func drain(_ slot: EndpointSlot<Endpoint>) {
        while let output = slot.endpoint.pollOutput() {
            switch output {
            case .transmit(let buffer, from: let local, to: let remote):
                transmit(buffer, from: local, to: remote, by: slot)
            case .route(let route): add(route, to: slot)
            case .unroute(let route):
                if slot.routes.remove(route) != nil { removeFromRouter(route, of: slot) }
            }
        }
        guard !slot.isTouched else { return }
        slot.isTouched = true
        touched.append(slot)
    }

    private func transmit(
        _ buffer: PacketBuffer,
        from local: SocketAddress,
        to remote: SocketAddress,
        by slot: EndpointSlot<Endpoint>
    ) {
        guard let socket = slot.socket(bound: local) else {
            tally.foreignSources += 1
            return
        }
        // Only STUN begins with a zero octet or one (RFC 7983 §7); a look at the rest is for those.
        if case .shared = socket.use, buffer.count > 0, buffer.bytes.byte(at: 0) < 2 {
            router.noteSent(buffer.bytes, by: slot.id, at: SystemClock.now)
        }
        if !socket.hasOutput { unsent.append(socket) }
        if !socket.append(buffer, to: remote) { tally.sendOverflows += 1 }
    }

    private func add(_ route: DatagramRoute, to slot: EndpointSlot<Endpoint>) {
        guard slot.usesSharedSockets else { return }  // what comes to its own sockets is its own
        guard slot.routes.count < Self.routeLimit, !slot.routes.contains(route) else {
            if !slot.routes.contains(route) { tally.refusedRoutes += 1 }
            return
        }
        switch route {
        case .username(let username): router.add(username: username, endpoint: slot.id)
        case .path(let local, let remote):
            guard case .shared(let number) = slot.socket(bound: local)?.use else {
                tally.refusedRoutes += 1
                return
            }
            router.add(path: remote, socket: number, endpoint: slot.id)
        }
        slot.routes.insert(route)
    }

    private func removeFromRouter(_ route: DatagramRoute, of slot: EndpointSlot<Endpoint>) {
        switch route {
        case .username(let username): router.remove(username: username, endpoint: slot.id)
        case .path(let local, let remote):
            guard case .shared(let number) = slot.socket(bound: local)?.use else { return }
            router.remove(path: remote, socket: number, endpoint: slot.id)
        }
    }

    private func forget(_ slot: EndpointSlot<Endpoint>) {
        guard endpoints.remove(slot.id) != nil else { return }
        placed.subtract(1, ordering: .relaxed)
        slot.routes.forEach { removeFromRouter($0, of: slot) }
        deadlines.set(Int(slot.id.index), to: nil)
        for socket in slot.sockets where socket.use == .own(slot.id) {
            unsent.removeAll { $0 === socket }
            sockets.close(socket, thread: thread)
        }
    }

    /// Usernames and 5-tuples of one endpoint: more than the candidate pairs of a reasonable peer.
    private static var routeLimit: Int { 64 }
}

// Sockets

extension MediaLoop {
    private func openSockets(
        _ choice: SocketChoice,
        for id: EndpointID,
        includesLoopback: Bool
    ) throws(MediaLoopError) -> [UDPSocket] {
        let addresses = configuration.localAddresses.current(includesLoopback: includesLoopback)
        guard !addresses.isEmpty else { throw .noLocalAddress }
        let shares =
            switch choice {
            case .own: false
            case .shared(let peers): !endpoints.all.contains { slot in peers.contains(where: slot.knows) }
            }
        var opened: [UDPSocket] = []
        var failure: MediaLoopError?
        for ip in addresses.prefix(configuration.addressLimit) {
            do throws(MediaLoopError) {
                opened.append(
                    shares
                        ? try sockets.shared(on: ip, thread: thread)
                        : try sockets.open(ip, for: id, thread: thread)
                )
            } catch {
                failure = error  // an IPv6 address may still be tentative; the others will do
            }
        }
        if opened.isEmpty, let failure { throw failure }
        return opened
    }
}
