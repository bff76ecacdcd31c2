package import SansIO

/// A fault of an endpoint, or of a test, that would keep a ``VirtualNetwork`` from ever getting on.
package enum VirtualNetworkError: Error, Equatable, CustomStringConvertible {
    /// What kept the clock from moving.
    package enum Cause: Equatable, Sendable {
        /// Deliveries or scheduled actions.
        case events
        /// An endpoint of this type, whose deadline does not move when it is served.
        case endpoint(String)
    }

    /// Very many steps at the same time.
    case stalled(at: MonotonicTime, cause: Cause)
    /// `pollOutput()` does not come to `nil`.
    case endlessOutput(at: MonotonicTime, endpoint: String)

    package var description: String {
        switch self {
        case .stalled(let time, .events):
            "time stands at \(time.nanoseconds) ns: endpoints answer each other without delay, or actions reschedule"
        case .stalled(let time, .endpoint(let name)):
            "time stands at \(time.nanoseconds) ns: nextTimeout of \(name) does not move on after handleTimeout"
        case .endlessOutput(let time, let name):
            "at \(time.nanoseconds) ns pollOutput() of \(name) does not end"
        }
    }
}

/// Notices when steps are made and the clock does not move.
struct StallGuard {
    /// Steps at one instant: far above what a hundred calls do at once on a perfect link.
    static let stepLimit = 50_000
    /// Outputs of one endpoint in one go.
    static let outputLimit = 50_000
    /// Timeouts of endpoints in a row at one instant, without anything else happening.
    static let timeoutLimit = 10_000

    private var time: MonotonicTime?
    private var steps = 0
    private var timeouts = 0

    mutating func step(at now: MonotonicTime, cause: VirtualNetworkError.Cause) throws(VirtualNetworkError) {
        if now != time { (time, steps, timeouts) = (now, 0, 0) }
        steps += 1
        switch cause {
        case .events: timeouts = 0
        case .endpoint: timeouts += 1
        }
        guard steps <= Self.stepLimit, timeouts <= Self.timeoutLimit else {
            throw VirtualNetworkError.stalled(at: now, cause: cause)
        }
    }
}
