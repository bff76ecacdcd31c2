import NetworkSimulation
import SansIO
import Testing

@Suite("Virtual network")
struct VirtualNetworkTests {
    private let left = RecordingEndpoint()
    private let right = RecordingEndpoint()

    private func network(seed: UInt64 = 1, profile: LinkProfile = .perfect) -> VirtualNetwork {
        let network = VirtualNetwork(seed: seed, profile: profile)
        network.attach(left, at: .at(1))
        network.attach(right, at: .at(2), .at(3))
        return network
    }

    @Test("a datagram arrives after the delay, with its addresses")
    func delivery() throws {
        let network = network(profile: LinkProfile(delay: .milliseconds(25)))
        left.send([1, 2, 3], from: .at(1), to: .at(3))

        try network.run(for: .seconds(1))

        let expected = RecordingEndpoint.Arrival(
            bytes: [1, 2, 3],
            remote: .at(1),
            local: .at(3),
            time: .milliseconds(25)
        )
        #expect(right.arrivals == [expected])
        #expect(network.now == .milliseconds(1_000))
        #expect(network.linkCounters(from: .at(1)).delivered == 1)
    }

    @Test("alarms ring at their time, and time jumps from one to the next")
    func alarms() throws {
        let network = network()
        left.alarms = [.milliseconds(10), .milliseconds(3_600_000)]

        try network.run(for: .seconds(7_200))

        #expect(left.timeouts == [.milliseconds(10), .milliseconds(3_600_000)])
        #expect(network.counters.steps == 2)
    }

    @Test("an alarm in the past rings now")
    func overdueAlarm() throws {
        let network = network()
        try network.run(for: .seconds(1))
        left.alarms = [.milliseconds(10)]

        try network.run(for: .zero)

        #expect(left.timeouts == [.milliseconds(1_000)])
    }

    @Test("running until a condition stops the clock there, or at the timeout")
    func condition() throws {
        let network = network(profile: LinkProfile(delay: .milliseconds(25)))
        left.send([1], from: .at(1), to: .at(2))

        #expect(try network.run(until: { !right.arrivals.isEmpty }, timeout: .seconds(1)))
        #expect(network.now == .milliseconds(25))
        #expect(try !network.run(until: { right.arrivals.count == 2 }, timeout: .seconds(1)))
        #expect(network.now == .milliseconds(1_025))
    }

    @Test("scheduled actions run at their time, in the order of scheduling, and may schedule more")
    func actions() throws {
        let network = network()
        var log: [String] = []
        network.schedule(after: .milliseconds(20)) { log.append("late") }
        network.schedule(after: .milliseconds(10)) {
            log.append("first")
            network.schedule(after: .milliseconds(5)) { log.append("nested \(network.now.nanoseconds / 1_000_000)") }
        }
        network.schedule(after: .milliseconds(10)) { log.append("second") }

        try network.run(for: .seconds(1))

        #expect(log == ["first", "second", "nested 15", "late"])
    }

    @Test("the same seed replays a lossy conversation exactly; another seed does not")
    func replay() throws {
        func conversation(seed: UInt64) throws -> [String] {
            let (left, right) = (RecordingEndpoint(), RecordingEndpoint())
            let profile = LinkProfile(
                loss: 0.1,
                delay: .milliseconds(20),
                jitter: .normal(standardDeviation: .milliseconds(4)),
                reordering: 0.05,
                duplication: 0.05
            )
            let network = VirtualNetwork(seed: seed, profile: profile)
            network.attach(left, at: .at(1))
            network.attach(right, at: .at(2))
            right.echoes = true
            var log: [String] = []
            network.trace = { log.append($0.description) }
            for index in 0..<500 {
                network.schedule(at: .milliseconds(Int64(index) * 20)) {
                    left.send([UInt8(index & 0xFF)], from: .at(1), to: .at(2))
                }
            }
            try network.run(for: .seconds(20))
            return log
        }

        let first = try conversation(seed: 5)

        #expect(first.count > 1_500)
        #expect(try conversation(seed: 5) == first)
        #expect(try conversation(seed: 6) != first)
    }

    @Test("a profile set for a direction changes that direction only, and the more specific one wins")
    func profiles() throws {
        let network = network()
        network.setProfile(LinkProfile(loss: 1), to: .at(2))
        network.setProfile(.perfect, from: .at(1), to: .at(2))
        network.setProfile(LinkProfile(loss: 1), from: .at(1), to: .at(3))
        left.send([1], from: .at(1), to: .at(2))
        left.send([2], from: .at(1), to: .at(3))
        right.send([3], from: .at(3), to: .at(1))
        right.send([4], from: .at(3), to: .at(2))

        try network.run(for: .seconds(1))

        #expect(right.arrivals.map(\.bytes) == [[1]])
        #expect(left.arrivals.map(\.bytes) == [[3]])
        #expect(network.linkCounters(to: .at(2)).lost == 1)
        #expect(network.linkCounters().sent == 4)
    }

    @Test("datagrams to nobody, from a foreign address and to one detached meanwhile are counted")
    func strays() throws {
        let network = network(profile: LinkProfile(delay: .milliseconds(10)))
        left.send([1], from: .at(1), to: .at(99))
        left.send([2], from: .at(7), to: .at(2))
        left.send([3], from: .at(1), to: .at(2))
        left.send([4], from: .at(1), to: .at(3))
        network.schedule(after: .milliseconds(5)) { network.detach(address: .at(3)) }

        try network.run(for: .seconds(1))

        #expect(network.counters.undeliverable == 2)
        #expect(network.counters.misaddressed == 1)
        #expect(right.arrivals.map(\.bytes) == [[3]])
    }

    @Test("an endpoint gets a copy of its own")
    func copies() throws {
        let network = network(profile: LinkProfile(duplication: 1))
        let datagram = PacketBuffer([1, 2, 3])
        left.output(.transmit(datagram, from: .at(1), to: .at(2)))
        network.schedule(at: .zero) { datagram.set(UInt8(9), at: 0) }

        try network.run(for: .seconds(1))

        #expect(right.arrivals.map(\.bytes) == [[1, 2, 3], [1, 2, 3]])
    }

    @Test("an interceptor can change and drop datagrams")
    func interception() throws {
        let network = network()
        network.intercept = { datagram, _, _ in
            guard datagram.bytes.byte(at: 0) != 1 else { return false }
            datagram.set(UInt8(7), at: 0)
            return true
        }
        left.send([1], from: .at(1), to: .at(2))
        left.send([2], from: .at(1), to: .at(2))

        try network.run(for: .seconds(1))

        #expect(right.arrivals.map(\.bytes) == [[7]])
        #expect(network.counters.intercepted == 1)
    }

    @Test("routes are remembered until they are given back")
    func routes() throws {
        let network = network()
        let path = DatagramRoute.path(local: .at(1), remote: .at(2))
        left.output(.route(.username("a:b")))
        left.output(.route(path))
        left.output(.unroute(.username("a:b")))

        try network.run(for: .zero)

        #expect(network.routes(of: left) == [path])
        #expect(network.routes(of: right).isEmpty)
    }

    @Test("an alarm that never moves is an error that names the endpoint")
    func stuckAlarm() {
        let network = network()
        left.alarms = [.milliseconds(5)]
        left.ignoresTimeouts = true

        let expected = VirtualNetworkError.stalled(at: .milliseconds(5), cause: .endpoint("RecordingEndpoint"))
        #expect(throws: expected) { try network.run(for: .seconds(1)) }
    }

    @Test("two endpoints that echo each other without delay are an error, with delay they are not")
    func pingPong() throws {
        left.echoes = true
        right.echoes = true
        let network = network()
        left.send([1], from: .at(1), to: .at(2))

        #expect(throws: VirtualNetworkError.stalled(at: .zero, cause: .events)) { try network.run(for: .seconds(1)) }

        network.setProfile(LinkProfile(delay: .milliseconds(10)))
        try network.run(for: .seconds(1))
        #expect(network.now == .milliseconds(1_000))
    }
}
