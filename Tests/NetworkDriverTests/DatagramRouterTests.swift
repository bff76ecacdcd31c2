internal import STUN
internal import SansIO
internal import Testing

@testable import NetworkDriver

@Suite("Datagram router")
struct DatagramRouterTests {
    private let first = EndpointID(index: 0, generation: 0)
    private let second = EndpointID(index: 1, generation: 0)
    private let remote = SocketAddress(ip: .v4(0xC000_0201), port: 4000)

    @Test("tells the same remote address on two sockets apart", arguments: [false, true])
    func sockets(ipv6: Bool) {
        let remote = SocketAddress(ip: ipv6 ? .v6(0x2001_0DB8 << 32, 1, scope: 0) : .v4(1), port: 4000)
        var router = DatagramRouter()
        router.add(path: remote, socket: 0, endpoint: first)
        router.add(path: remote, socket: 1, endpoint: second)

        let media = PacketBuffer([0x80, 0, 0, 0])
        #expect(router.route(media.bytes, from: remote, socket: 0) == .endpoint(first))
        #expect(router.route(media.bytes, from: remote, socket: 1) == .endpoint(second))
        #expect(router.route(media.bytes, from: remote, socket: 2) == .unknownPath)
    }

    @Test("a route that another endpoint has taken over survives the first one's removal")
    func takeOver() {
        var router = DatagramRouter()
        router.add(path: remote, socket: 0, endpoint: first)
        router.add(path: remote, socket: 0, endpoint: second)
        router.add(username: "a:b", endpoint: first)
        router.add(username: "a:b", endpoint: second)

        router.remove(path: remote, socket: 0, endpoint: first)
        router.remove(username: "a:b", endpoint: first)
        #expect(router.route(PacketBuffer([0x80]).bytes, from: remote, socket: 0) == .endpoint(second))

        router.remove(path: remote, socket: 0, endpoint: second)
        router.remove(username: "a:b", endpoint: second)
        #expect(router.routeCount == 0)
    }

    @Test("remembers a transaction for as long as it may be retransmitted, then forgets it")
    func transactionLifetime() {
        var router = DatagramRouter()
        let id = STUNTransactionID(high: 1, low: 2)
        let response = PacketBuffer(STUNMessage(.successResponse, transactionID: id).encoded())
        let start = MonotonicTime(nanoseconds: 5)
        router.noteSent(PacketBuffer(STUNMessage(.request, transactionID: id).encoded()).bytes, by: first, at: start)

        router.noteSent(
            PacketBuffer(bindingRequest(username: "u", seed: 1)).bytes,
            by: second,
            at: start + .seconds(39)
        )
        #expect(router.route(response.bytes, from: remote, socket: 0) == .endpoint(first))

        for second in [41, 82] {
            let request = bindingRequest(username: "u", seed: UInt64(second))
            router.noteSent(PacketBuffer(request).bytes, by: first, at: start + .seconds(second))
        }
        #expect(router.route(response.bytes, from: remote, socket: 0) == .unknownTransaction)
    }

    @Test("survives STUN that is cut or mutated anywhere")
    func hostile() {
        var router = DatagramRouter()
        router.add(username: "local:remote", endpoint: first)
        let request = bindingRequest(username: "local:remote", seed: 3)
        var random = RandomSource(seed: 17)

        for length in 0..<request.count {
            _ = router.route(PacketBuffer(request.prefix(length)).bytes, from: remote, socket: 0)
        }
        for _ in 0..<5000 {
            var bytes = request
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = router.route(PacketBuffer(bytes).bytes, from: remote, socket: 0)
        }
    }
}

@Suite("Deadline heap")
struct DeadlineHeapTests {
    @Test("agrees with a sorted list under random changes", arguments: [1, 2, 3] as [UInt64])
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var heap = DeadlineHeap()
        var model: [Int: MonotonicTime] = [:]
        var now = MonotonicTime.zero

        for _ in 0..<5000 {
            let index = Int.random(in: 0..<40, using: &random)
            let deadline =
                Bool.random(using: &random) ? now + .milliseconds(Int.random(in: 0..<100, using: &random)) : nil
            heap.set(index, to: deadline)
            model[index] = deadline
            #expect(heap.earliest == model.values.min())
            #expect(heap.count == model.count)
            guard Int.random(in: 0..<10, using: &random) == 0 else { continue }
            now = now + .milliseconds(20)
            while let due = heap.popDue(at: now) {
                #expect(model[due] == model.values.min())
                model[due] = nil
            }
            #expect(model.values.allSatisfy { $0 > now })
        }
    }
}

@Suite("Local addresses and clocks")
struct LocalAddressTests {
    private let addresses: [IPAddress] = [
        .v4(0x7F00_0001), .v4(0xC0A8_0001), .v6(0xFE80 << 48, 1, scope: 2), .v6(0x2001_0DB8 << 32, 5, scope: 0),
        .v6(0, 1, scope: 0), .v4(0xC0A8_0001), .v4(0),
    ]

    @Test("leaves out loopback, IPv6 link-local, the unspecified address and repetitions unless asked")
    func filter() {
        let plain = LocalAddresses.select(addresses, includesLoopback: false, includesIPv6LinkLocal: false)
        let all = LocalAddresses.select(addresses, includesLoopback: true, includesIPv6LinkLocal: true)

        #expect(plain == [addresses[1], addresses[3]])
        #expect(all == [addresses[1], addresses[2], addresses[3], addresses[0], addresses[4]])
    }

    @Test("finds the machine's loopback address")
    func enumeration() {
        #expect(LocalAddresses.interfaces().current(includesLoopback: true).contains(.v4(0x7F00_0001)))
        let routable = LocalAddresses.interfaces().current(includesLoopback: false)
        #expect(routable.filter(\.isLoopback).isEmpty)
    }

    @Test("maps kernel times to monotonic time, within what is possible")
    func arrivalClock() {
        let clock = ArrivalClock(monotonic: 1_000, real: 5_000)
        let zero = MonotonicTime.zero

        #expect(clock.arrival(timestamp: 4_600, notBefore: zero).nanoseconds == 600)
        #expect(clock.arrival(timestamp: 0, notBefore: zero).nanoseconds == 1_000)
        #expect(clock.arrival(timestamp: 9_000, notBefore: zero).nanoseconds == 1_000)
        #expect(clock.arrival(timestamp: 4_600, notBefore: MonotonicTime(nanoseconds: 700)).nanoseconds == 700)
        #expect(clock.arrival(timestamp: 100, notBefore: zero) == zero)
    }

    @Test("reads clocks that agree with each other")
    func clocks() {
        let first = SystemClock.now
        #expect(SystemClock.now >= first)
        #expect(SystemClock.wallClock > NTPTime(unixNanoseconds: 1_700_000_000_000_000_000))
    }
}
