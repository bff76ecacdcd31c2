import SansIO
import Testing

@testable import ICE

@Suite("Consent monitor, RFC 7675 §5.1")
struct ConsentMonitorTests {
    private func run(
        until end: Duration,
        _ monitor: inout ConsentMonitor
    ) -> [(second: Double, action: ConsentMonitor.Action)] {
        var random = RandomSource(seed: 1)
        var actions: [(second: Double, action: ConsentMonitor.Action)] = []
        while let now = monitor.nextTimeout, now <= MonotonicTime.zero + end {
            while let action = monitor.handle(.timeout, at: now, random: &random) {
                actions.append(((now - .zero).inSeconds, action))
            }
        }
        return actions
    }

    @Test("without answers: requests 4 to 6 s apart, silence once, expiry at 30 s, then nothing")
    func expiry() {
        for seed in UInt64(0)..<50 {
            var random = RandomSource(seed: seed)
            var monitor = ConsentMonitor(silenceLimit: .seconds(15), at: .zero, random: &random)
            let actions = run(until: .seconds(100), &monitor)
            let requests = actions.filter { $0.action == .sendBindingRequest }.map(\.second)

            #expect(actions.filter { $0.action == .silent }.map(\.second) == [15])
            #expect(actions.filter { $0.action == .expired }.map(\.second) == [30])
            #expect((5...7).contains(requests.count))
            for (earlier, later) in zip([0] + requests, requests) { #expect((4...6).contains(later - earlier)) }
            #expect(monitor.nextTimeout == nil)
            #expect(monitor.handle(.validResponse, at: .zero + .seconds(101), random: &random) == nil)
            #expect(monitor.isSilent)
        }
    }

    @Test("requests of the peer end the silence and do not put off the expiry")
    func requestsOnly() {
        var random = RandomSource(seed: 3)
        var monitor = ConsentMonitor(silenceLimit: .seconds(15), at: .zero, random: &random)
        _ = run(until: .seconds(16), &monitor)
        #expect(monitor.isSilent)
        _ = monitor.handle(.validRequest, at: .zero + .seconds(16), random: &random)
        #expect(!monitor.isSilent)

        #expect(run(until: .seconds(100), &monitor).last?.second == 30)
    }

    @Test("a response puts off the expiry by 30 s from then on")
    func response() {
        var random = RandomSource(seed: 3)
        var monitor = ConsentMonitor(silenceLimit: .seconds(15), at: .zero, random: &random)
        _ = run(until: .seconds(29), &monitor)
        _ = monitor.handle(.validResponse, at: .zero + .seconds(29), random: &random)
        #expect(!monitor.isSilent)

        #expect(run(until: .seconds(200), &monitor).last?.second == 59)
    }
}
