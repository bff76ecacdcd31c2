internal import Glibc
internal import STUN
internal import SansIO
internal import Testing

@testable import NetworkDriver

@Suite("Media loop", .timeLimit(.minutes(1)))
struct MediaLoopTests {
    @Test("echoes to one peer and to a hundred on a shared port", arguments: [1, 100])
    func sharedPort(peerCount: Int) async throws {
        try await withLoops { loop, peers in
            var probes: [Probe] = []
            var ports: Set<SocketAddress> = []
            for index in 0..<peerCount {
                let username = "local\(index):remote\(index)"
                let id = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0, username: username) }
                let address = try await address(of: id, on: loop)
                ports.insert(address)
                var probe = try await Probe(on: peers)
                try await probe.send(bindingRequest(username: username, seed: UInt64(index)), to: address)
                _ = await probe.next()
                probes.append(probe)
            }
            let address = try #require(ports.first)

            for index in probes.indices {
                let packets = (0..<10).map { number in [0x80, UInt8(index), UInt8(number)] }
                try await probes[index].send(packets, to: address)
            }

            for index in probes.indices {
                for number in 0..<10 {
                    #expect(await probes[index].next()?.bytes == [0x80, UInt8(index), UInt8(number)])
                }
            }
            #expect(ports.count == 1, "all endpoints share one port")
            #expect(await loop.counters.unroutable == 0)
        }
    }

    @Test("gives an endpoint that offers sockets of its own, on IPv4 and IPv6", arguments: [false, true])
    func ownSockets(ipv6: Bool) async throws {
        try await withLoops(.loopback(ipv6: ipv6)) { loop, peers in
            let first = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            let second = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            let addresses = [try await address(of: first, on: loop), try await address(of: second, on: loop)]
            var probe = try await Probe(on: peers)

            for address in addresses {
                try await probe.send([0x80, 1, 2, 3], to: address)
                let echo = try #require(await probe.next())
                #expect(echo.bytes == [0x80, 1, 2, 3])
                #expect(echo.remote == address, "the answer leaves from the address that was asked")
            }

            #expect(addresses[0] != addresses[1])
            #expect(addresses.allSatisfy { $0.ip.isIPv6 == ipv6 && $0.ip.isLoopback })
        }
    }

    @Test("routes checks by username, the rest by the path learnt from them, and counts what belongs to nobody")
    func routing() async throws {
        try await withLoops { loop, peers in
            let first = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0, username: "a:x") }
            let second = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0, username: "b:y") }
            let address = try await address(of: first, on: loop)
            var one = try await Probe(on: peers)
            var two = try await Probe(on: peers)

            try await one.send([0x80, 0], to: address)  // no path yet
            try await one.send(bindingRequest(username: "a:z", seed: 1), to: address)  // half a username is none
            try await one.send(bindingRequest(username: "a:x", seed: 2), to: address)
            try await two.send(bindingRequest(username: "b:y", seed: 3), to: address)
            _ = await one.next()
            _ = await two.next()
            try await one.send([0x80, 1], to: address)
            try await two.send([0x80, 2], to: address)
            _ = await one.next()
            _ = await two.next()

            let toFirst = try await loop.withEndpoint(first) { endpoint, _ in endpoint.received }
            let toSecond = try await loop.withEndpoint(second) { endpoint, _ in endpoint.received }
            #expect(toFirst.map(\.bytes) == [bindingRequest(username: "a:x", seed: 2), [0x80, 1]])
            #expect(toSecond.map(\.bytes) == [bindingRequest(username: "b:y", seed: 3), [0x80, 2]])
            #expect(toFirst.allSatisfy { $0.remote == one.addresses.first })
            let counters = await loop.counters
            #expect(counters.unknownPaths == 1)
            #expect(counters.unknownUsernames == 1)
        }
    }

    @Test("routes a response to the endpoint that sent the request, and drops one that nobody asked for")
    func responsesByTransaction() async throws {
        try await withLoops { loop, peers in
            let first = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0) }
            let second = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0) }
            let address = try await address(of: first, on: loop)
            var probe = try await Probe(on: peers)
            let server = try #require(probe.addresses.first)

            for (endpoint, seed) in [(first, UInt64(7)), (second, 8)] {
                let request = bindingRequest(username: "u", seed: seed)
                try await loop.withEndpoint(endpoint) { endpoint, _ in
                    endpoint.transmit(request, from: address, to: server)
                }
            }
            var responses: [[UInt8]] = []
            for _ in 0..<2 {
                let request = try #require(await probe.next())
                let message = try STUNMessage(parsing: PacketBuffer(request.bytes).bytes)
                responses.append(STUNMessage(.successResponse, transactionID: message.transactionID).encoded())
            }
            let stranger = STUNMessage(.errorResponse, transactionID: STUNTransactionID(high: 1, low: 1)).encoded()
            try await probe.send([stranger] + responses.reversed(), to: address)
            let answered = try await waitFor(1, at: first, on: loop) + waitFor(1, at: second, on: loop)

            #expect(answered.map(\.bytes) == responses)
            #expect(await loop.counters.unknownTransactions == 1)
        }
    }

    @Test("gives an endpoint its own sockets when the peer's address already belongs to another call")
    func sharedPortRefused() async throws {
        try await withLoops { loop, _ in
            let peer = SocketAddress(ip: .v4(0xC000_0201), port: 4000)
            let other = SocketAddress(ip: .v4(0xC000_0201), port: 4001)

            let first = try await loop.addEndpoint(sockets: .shared(peers: [peer])) { EchoEndpoint($0) }
            let second = try await loop.addEndpoint(sockets: .shared(peers: [peer])) { EchoEndpoint($0) }
            let third = try await loop.addEndpoint(sockets: .shared(peers: [other])) { EchoEndpoint($0) }

            let shared = try await address(of: first, on: loop)
            #expect(try await address(of: second, on: loop) != shared)
            #expect(try await address(of: third, on: loop) == shared)
        }
    }

    @Test("adds and removes endpoints while traffic flows, and frees their routes")
    func churn() async throws {
        try await withLoops { loop, peers in
            let steady = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0, username: "s:s") }
            let address = try await address(of: steady, on: loop)
            var probe = try await Probe(on: peers)
            try await probe.send(bindingRequest(username: "s:s", seed: 1), to: address)
            _ = await probe.next()

            for round in 0..<50 {
                try await probe.send([0x80, UInt8(round)], to: address)
                let choice: SocketChoice = round.isMultiple(of: 2) ? .own : .shared()
                let guest = try await loop.addEndpoint(sockets: choice) { EchoEndpoint($0, username: "g:\(round)") }
                let guestAddress = try await self.address(of: guest, on: loop)
                var visitor = try await Probe(on: peers)
                try await visitor.send(bindingRequest(username: "g:\(round)", seed: UInt64(round)), to: guestAddress)
                _ = await visitor.next()
                await loop.removeEndpoint(guest)
                await peers.removeEndpoint(visitor.id)
                #expect(await probe.next()?.bytes == [0x80, UInt8(round)])
                await #expect(throws: MediaLoopError.noSuchEndpoint) {
                    try await loop.withEndpoint(guest) { _, _ in }
                }
            }

            #expect(loop.load == 1)
            try await probe.send(bindingRequest(username: "g:1", seed: 99), to: address)
            try await probe.send([0x80, 99], to: address)
            _ = await probe.next()
            #expect(await loop.counters.unknownUsernames == 1, "a removed endpoint's username leads nowhere")
        }
    }

    @Test("forgets a route on request")
    func unroute() async throws {
        try await withLoops { loop, peers in
            let id = try await loop.addEndpoint(sockets: .shared()) { EchoEndpoint($0, username: "a:b") }
            let address = try await address(of: id, on: loop)
            var probe = try await Probe(on: peers)
            try await probe.send(bindingRequest(username: "a:b", seed: 1), to: address)
            let remote = try #require(await probe.next()).local

            try await loop.withEndpoint(id) { endpoint, _ in
                endpoint.forget(.path(local: address, remote: remote))
            }
            try await probe.send([0x80, 1], to: address)
            try await probe.send(bindingRequest(username: "a:b", seed: 2), to: address)
            _ = await probe.next()

            #expect(await loop.counters.unknownPaths == 1)
        }
    }

    @Test("calls endpoints on its own thread only")
    func thread() async throws {
        try await withLoops { loop, peers in
            let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            var probe = try await Probe(on: peers)
            try await probe.send([0x80], to: try await address(of: id, on: loop))
            _ = await probe.next()

            #expect(!loop.isOnLoop)
            try await loop.withEndpoint(id) { endpoint, _ in
                #expect(loop.isOnLoop)
                #expect(endpoint.threads == [pthread_self()])
            }
        }
    }

    @Test("runs enqueued work in order, on the loop")
    func enqueue() async throws {
        try await withLoops { _, peers in
            let (stream, inbox) = AsyncStream.makeStream(of: Received.self)
            let (marks, timeouts) = AsyncStream.makeStream(of: MonotonicTime.self)
            let id = try await peers.addEndpoint(sockets: .own) {
                ProbeEndpoint($0, inbox: inbox, timeouts: timeouts)
            }
            for number in 0..<100 {
                peers.enqueue(id) { _, _ in
                    timeouts.yield(MonotonicTime(nanoseconds: peers.isOnLoop ? Int64(number) : -1))
                }
            }

            var seen: [Int64] = []
            for await mark in marks.prefix(100) { seen.append(mark.nanoseconds) }
            #expect(seen == Array(0..<100))
            withExtendedLifetime(stream) {}
        }
    }

    @Test("stamps datagrams with times that only grow and lie near now")
    func arrivalTimes() async throws {
        try await withLoops { loop, peers in
            let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            let address = try await address(of: id, on: loop)
            var probe = try await Probe(on: peers)
            let before = SystemClock.now
            for round in 0..<20 {
                try await probe.send((0..<8).map { [0x80, UInt8(round), UInt8($0)] }, to: address)
                for _ in 0..<8 { _ = await probe.next() }
            }
            let after = SystemClock.now

            let arrivals = try await loop.withEndpoint(id) { endpoint, _ in endpoint.received.map(\.arrival) }
            #expect(arrivals.count == 160)
            #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0 <= $1 })
            // The two clocks are read one after the other, hence the tolerance.
            #expect(arrivals.allSatisfy { $0 >= before - .milliseconds(1) && $0 <= after })
        }
    }

    @Test("serves timers in order and never early", arguments: [Duration.zero, .milliseconds(1), .milliseconds(5)])
    func timers(tick: Duration) async throws {
        try await withLoops(.loopback(tick: tick)) { _, peers in
            let (_, inbox) = AsyncStream.makeStream(of: Received.self)
            let (stream, timeouts) = AsyncStream.makeStream(of: MonotonicTime.self)
            let start = SystemClock.now
            let deadlines = [30, 1, 12, 7, 7, 21].sorted().map { start + .milliseconds($0) }
            let id = try await peers.addEndpoint(sockets: .own) {
                let endpoint = ProbeEndpoint($0, inbox: inbox, timeouts: timeouts)
                endpoint.deadlines = deadlines
                return endpoint
            }

            var fired: [MonotonicTime] = []
            for await time in stream.prefix(deadlines.count) { fired.append(time) }

            #expect(zip(fired, deadlines).allSatisfy { $0 >= $1 })
            await peers.removeEndpoint(id)
        }
    }

    @Test("drops what is longer than a packet buffer, and what leaves from a foreign address")
    func refusals() async throws {
        try await withLoops { loop, peers in
            let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            let address = try await address(of: id, on: loop)
            var probe = try await Probe(on: peers)
            let target = try #require(probe.addresses.first)

            sendRaw([UInt8](repeating: 0x80, count: 3000), to: address)
            try await probe.send([0x80, 1], to: address)
            _ = await probe.next()
            try await loop.withEndpoint(id) { endpoint, _ in
                endpoint.transmit([1], from: SocketAddress(ip: .v4(0x7F00_0002), port: 9), to: target)
                endpoint.transmit([1], from: address, to: SocketAddress(ip: .v4(0x7F00_0001), port: 0))
                endpoint.transmit([0x80, 2], from: address, to: target)
            }

            #expect(await probe.next()?.bytes == [0x80, 2])
            let counters = await loop.counters
            #expect(counters.truncated == 1)
            #expect(counters.foreignSources == 1)
            #expect(counters.sendErrors == 1)
        }
    }

    @Test("sends a burst of equal packets as segments that arrive whole and in order")
    func segments() async throws {
        try await withLoops { loop, peers in
            let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
            let address = try await address(of: id, on: loop)
            var probe = try await Probe(on: peers)
            let target = try #require(probe.addresses.first)
            let frame = (0..<150).map { [UInt8](repeating: UInt8($0), count: $0 % 7 == 6 ? 300 : 1100) }

            try await loop.withEndpoint(id) { endpoint, _ in
                for packet in frame { endpoint.transmit(packet, from: address, to: target) }
            }

            for packet in frame { #expect(await probe.next()?.bytes == packet) }
            #expect(await loop.counters.sentDatagrams == 150)
        }
    }

    @Test("takes its ports from the configured range, and says when none is left")
    func portRange() async throws {
        var configuration = MediaLoopConfiguration.loopback()
        // Two ports that were free a moment ago.
        let free = try await freePort()
        configuration.ports = free...free
        let loop = try MediaLoop<EchoEndpoint>(configuration: configuration)

        let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
        #expect(try await address(of: id, on: loop).port == free)
        await #expect(throws: MediaLoopError.cannotBind(.v4(0x7F00_0001), code: EADDRINUSE)) {
            try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
        }
        await loop.removeEndpoint(id)
        let again = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
        #expect(try await address(of: again, on: loop).port == free)
        await loop.shutDown()
    }

    @Test("refuses endpoints after its shut-down instead of leaving the caller waiting")
    func afterShutDown() async throws {
        let loop = try MediaLoop<EchoEndpoint>(configuration: .loopback())
        let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }

        await loop.shutDown()

        #expect(loop.load == 0)
        await #expect(throws: MediaLoopError.shutDown) {
            try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
        }
        await #expect(throws: MediaLoopError.noSuchEndpoint) { try await loop.withEndpoint(id) { _, _ in } }
        await loop.shutDown()
    }

    @Test("a group places endpoints on the least loaded loop and joins every thread")
    func group() async throws {
        let group = try MediaLoopGroup<EchoEndpoint>(count: 3, configuration: .loopback())

        for _ in 0..<9 { _ = try await group.leastLoaded.addEndpoint(sockets: .shared()) { EchoEndpoint($0) } }

        #expect(group.loops.map(\.load) == [3, 3, 3])
        await group.shutDown()
        #expect(group.loops.map(\.load) == [0, 0, 0])
    }

    private func address(of id: EndpointID, on loop: MediaLoop<EchoEndpoint>) async throws -> SocketAddress {
        let addresses = try await loop.withEndpoint(id) { endpoint, _ in endpoint.localAddresses }
        return try #require(addresses.first)
    }

    /// Polls the loop, which answers after each of its turns, until the endpoint has received `count` datagrams.
    private func waitFor(
        _ count: Int,
        at id: EndpointID,
        on loop: MediaLoop<EchoEndpoint>
    ) async throws -> [Received] {
        while true {
            let received = try await loop.withEndpoint(id) { endpoint, _ in endpoint.received }
            if received.count >= count { return received }
            await Task.yield()
        }
    }

    private func freePort() async throws -> UInt16 {
        let loop = try MediaLoop<EchoEndpoint>(configuration: .loopback())
        let id = try await loop.addEndpoint(sockets: .own) { EchoEndpoint($0) }
        let port = try await address(of: id, on: loop).port
        await loop.shutDown()
        return port
    }
}
