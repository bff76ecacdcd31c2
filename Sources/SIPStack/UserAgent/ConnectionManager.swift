package import SansIO

/// Chooses a server, waits between attempts, remembers who failed: JsSIP's rules for `ws_servers`.
///
/// Small machine: each input returns the server to connect to now, if any, by its index.
package struct ConnectionManager {
    private enum State: Equatable {
        case idle
        case connecting(server: Int)
        case connected(server: Int)
        case waiting
    }

    private let weights: [Double]
    private let recovery: ClosedRange<Int>
    private var failed: Set<Int> = []
    private var state = State.idle
    private var random: RandomSource
    /// Recovery attempts since the last success.
    package private(set) var attempts = 0
    package private(set) var nextTimeout: MonotonicTime?

    /// - Parameters:
    ///   - weights: One for each server; higher ones are used first.
    ///   - recovery: Seconds between attempts, at least and at most (`connection_recovery_min/max_interval`).
    package init(weights: [Double], recovery: ClosedRange<Int> = 2...30, random: RandomSource) {
        precondition(!weights.isEmpty, "a user agent has at least one server")
        self.weights = weights
        self.recovery = recovery
        self.random = random
    }

    package var isConnected: Bool {
        if case .connected = state { return true }
        return false
    }

    /// Connects now, unless it does so already.
    package mutating func start() -> Int? {
        switch state {
        case .connecting, .connected: return nil
        case .idle, .waiting: return connect()
        }
    }

    /// The user wants no connection.
    package mutating func stop() {
        (state, nextTimeout, attempts) = (.idle, nil, 0)
    }

    package mutating func handleConnected() {
        guard case .connecting(let server) = state else { return }
        (state, attempts) = (.connected(server: server), 0)
    }

    /// The connection, or the attempt at one, has failed.
    ///
    /// Each further attempt waits a random time below 2ⁿ + 1 s, within the bounds; it never gives up.
    package mutating func handleFailure(at now: MonotonicTime) {
        switch state {
        case .connecting(let server), .connected(let server): failed.insert(server)
        case .idle, .waiting: return
        }
        attempts += 1
        let ceiling = 1 << min(attempts, 16)
        let seconds = Int.random(in: 1...ceiling, using: &random)
        state = .waiting
        nextTimeout = now + .seconds(min(max(seconds, recovery.lowerBound), recovery.upperBound))
    }

    package mutating func handleTimeout(at now: MonotonicTime) -> Int? {
        guard let due = nextTimeout, due <= now else { return nil }
        return connect()
    }

    private mutating func connect() -> Int {
        if failed.count == weights.count { failed = [] }
        let candidates = weights.indices.filter { !failed.contains($0) }
        let best = candidates.map { weights[$0] }.max()
        let equals = candidates.filter { weights[$0] == best }
        let server = equals[Int.random(in: 0..<equals.count, using: &random)]
        (state, nextTimeout) = (.connecting(server: server), nil)
        return server
    }
}
