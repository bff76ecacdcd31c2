import SansIO
import Testing

@testable import ICE

@Suite("Check list, RFC 8445 §6.1.2 and §6.1.4")
struct CheckListTests {
    private let host = ICECandidate(foundation: "1", priority: 2_130_706_431, address: Place.left, type: .host)

    private func remote(_ port: UInt16, foundation: String = "r", priority: UInt32? = nil) -> ICECandidate {
        ICECandidate(
            foundation: foundation,
            priority: priority ?? UInt32(port),
            address: SocketAddress(ip: Place.right.ip, port: port),
            type: .host
        )
    }

    private func pair(_ remote: ICECandidate, _ state: CandidatePair.State = .frozen) -> CandidatePair {
        CandidatePair(local: host, remote: remote, role: .controlling, state: state)
    }

    @Test("pair priority is 2^32 MIN + 2 MAX + (G > D), and no wire value overflows it (§6.1.2.3)")
    func priority() {
        let greatest = pair(remote(1, priority: .max))
        let least = pair(remote(1, priority: 0))
        var controlled = least
        controlled.updatePriority(role: .controlled)

        #expect(greatest.priority == 2_130_706_431 << 32 + 2 * 2_147_483_647)
        #expect(least.priority == 2 * 2_130_706_431 + 1)
        #expect(controlled.priority == 2 * 2_130_706_431)
    }

    @Test("only addresses that reach each other make a pair (§6.1.2.2)")
    func reachability() throws {
        func can(_ base: String, _ remote: String) throws -> Bool {
            CandidatePair.canForm(
                try #require(SocketAddress(base, port: 1)),
                try #require(SocketAddress(remote, port: 2))
            )
        }
        #expect(try can("192.0.2.1", "198.51.100.1"))
        #expect(try can("127.0.0.1", "127.0.0.1"))
        #expect(try can("fe80::1%3", "fe80::2"))
        #expect(try !can("192.0.2.1", "2001:db8::1"))
        #expect(try !can("127.0.0.1", "192.0.2.1"))
        #expect(try !can("192.0.2.1", "127.0.0.1"))
        #expect(try !can("fe80::1%3", "2001:db8::1"))
        #expect(try !can("2001:db8::1", "fe80::1"))
    }

    @Test("a link-local remote candidate is reached over the link of the base")
    func scope() throws {
        let base = try #require(SocketAddress("fe80::1%3", port: 1))
        let remote = try #require(SocketAddress("fe80::2", port: 2))
        let pair = CandidatePair(
            local: ICECandidate(foundation: "1", priority: 1, address: base, type: .host),
            remote: ICECandidate(foundation: "1", priority: 1, address: remote, type: .host),
            role: .controlling
        )

        #expect(pair.key.remote == SocketAddress("fe80::2%3", port: 2))
    }

    @Test("triggered checks come first, then the highest that waits, then what may thaw")
    func order() {
        var list = CheckList()
        for (port, state) in [(UInt16(1), CandidatePair.State.waiting), (2, .frozen), (3, .waiting), (4, .failed)] {
            let isInserted = list.insert(pair(remote(port, foundation: "\(port)"), state), limit: 10)
            #expect(isInserted)
        }
        let keys = list.pairs.map(\.key)
        #expect(keys.map(\.remote.port) == [4, 3, 2, 1])
        list.trigger(keys[3])
        list.trigger(keys[3])

        var order: [UInt16] = []
        while let key = list.popNext() {
            order.append(key.remote.port)
            list.update(key) { $0.state = .inProgress }
        }
        #expect(order == [1, 3, 2])
        #expect(!list.hasWork)
    }

    @Test("a frozen pair thaws when its foundation is idle, or has succeeded once")
    func thawing() {
        var list = CheckList()
        for port in UInt16(1)...3 { _ = list.insert(pair(remote(port)), limit: 10) }
        let keys = list.pairs.map(\.key)

        let highest = list.popNext()
        #expect(highest == keys[0])
        list.update(keys[0]) { $0.state = .inProgress }
        let whileInProgress = list.popNext()
        #expect(whileInProgress == nil)
        list.update(keys[0]) { $0.state = .failed }
        let afterFailure = list.popNext()
        #expect(afterFailure == keys[1])
        list.update(keys[1]) { $0.state = .inProgress }
        list.update(keys[0]) { $0.state = .succeeded }
        let afterSuccess = list.popNext()
        #expect(afterSuccess == keys[2])
    }

    @Test("a full list gives up its lowest unchecked pair for a better one, and for no worse one (§6.1.2.5)")
    func limit() {
        var list = CheckList()
        for port in UInt16(11)...13 { _ = list.insert(pair(remote(port)), limit: 3) }
        list.trigger(list.pairs[2].key)

        let takesWorse = list.insert(pair(remote(5)), limit: 3)
        #expect(!takesWorse)
        let takesBetter = list.insert(pair(remote(20)), limit: 3)
        #expect(takesBetter)
        #expect(list.pairs.map(\.key.remote.port) == [20, 13, 12])
        let next = list.popNext()
        #expect(next?.remote.port == 20)

        for pair in list.pairs { list.update(pair.key) { $0.state = .inProgress } }
        let takesBetterThanChecked = list.insert(pair(remote(30)), limit: 3)
        #expect(!takesBetterThanChecked)
        let isThereAlready = list.insert(pair(remote(20)), limit: 3)
        #expect(isThereAlready, "what is there already needs no room")
    }
}
