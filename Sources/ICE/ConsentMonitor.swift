internal import SansIO

/// Consent freshness for the selected pair (RFC 7675 §5.1).
///
/// Asks for a Binding request every 5 s, spread by ±20 %, and expires 30 s after the last valid response. The requests
/// double as keepalives (RFC 8445 §11).
struct ConsentMonitor {
    enum Input {
        case validResponse
        /// A request of the peer's: the path is alive, but only responses consent.
        case validRequest
        case timeout
    }

    enum Action: Equatable { case sendBindingRequest, silent, expired }

    private enum State {
        case fresh(Times)
        /// Nothing heard for the silence limit: reported once.
        case silent(Times)
        case expired
    }

    private struct Times {
        var nextRequest: MonotonicTime
        var response: MonotonicTime
        /// The last response or request.
        var heard: MonotonicTime

        var expiry: MonotonicTime { response + ConsentMonitor.lifetime }

        /// Whether the request before has stayed unanswered.
        func isOverdue(at now: MonotonicTime) -> Bool { now - response > .seconds(6) }
    }

    static let lifetime = Duration.seconds(30)
    private let silenceLimit: Duration
    private var state: State

    /// Starts with consent just given: a check of the pair has succeeded.
    init(silenceLimit: Duration, at now: MonotonicTime, random: inout RandomSource) {
        self.silenceLimit = silenceLimit
        state = .fresh(
            Times(nextRequest: Self.nextRequest(after: now, isOverdue: false, &random), response: now, heard: now)
        )
    }

    var isSilent: Bool {
        switch state {
        case .fresh: false
        case .silent, .expired: true
        }
    }

    var nextTimeout: MonotonicTime? {
        switch state {
        case .fresh(let times): min(times.nextRequest, times.heard + silenceLimit, times.expiry)
        case .silent(let times): min(times.nextRequest, times.expiry)
        case .expired: nil
        }
    }

    /// Call with `.timeout` until it says `nil`.
    mutating func handle(_ input: Input, at now: MonotonicTime, random: inout RandomSource) -> Action? {
        switch (input, state) {
        case (.validResponse, .fresh(let times)), (.validResponse, .silent(let times)):
            state = .fresh(Times(nextRequest: times.nextRequest, response: now, heard: now))
        case (.validRequest, .fresh(let times)), (.validRequest, .silent(let times)):
            state = .fresh(Times(nextRequest: times.nextRequest, response: times.response, heard: now))
        case (.timeout, .fresh(let times)) where now >= times.expiry,
            (.timeout, .silent(let times)) where now >= times.expiry:
            state = .expired
            return .expired
        case (.timeout, .fresh(let times)) where now >= times.heard + silenceLimit:
            state = .silent(times)
            return .silent
        case (.timeout, .fresh(var times)) where now >= times.nextRequest:
            times.nextRequest = Self.nextRequest(after: now, isOverdue: times.isOverdue(at: now), &random)
            state = .fresh(times)
            return .sendBindingRequest
        case (.timeout, .silent(var times)) where now >= times.nextRequest:
            times.nextRequest = Self.nextRequest(after: now, isOverdue: times.isOverdue(at: now), &random)
            state = .silent(times)
            return .sendBindingRequest
        case (.timeout, .fresh), (.timeout, .silent), (_, .expired):
            break  // an early timer changes nothing, and consent that has expired does not come back
        }
        return nil
    }

    /// Within the 4 to 6 s that the RFC allows; nearer to 4 s while answers are missing, as each is one chance more.
    private static func nextRequest(
        after now: MonotonicTime,
        isOverdue: Bool,
        _ random: inout RandomSource
    ) -> MonotonicTime {
        now + .milliseconds(Int64.random(in: 4000...(isOverdue ? 4400 : 6000), using: &random))
    }
}
