internal import CLinux
package import SansIO

/// The clocks of the machine: the one place where time enters.
package enum SystemClock {
    /// CLOCK_MONOTONIC.
    package static var now: MonotonicTime { MonotonicTime(nanoseconds: clinux_monotonic_time()) }

    /// CLOCK_REALTIME, for RTCP sender reports and SIP dates.
    package static var wallClock: NTPTime { NTPTime(unixNanoseconds: clinux_real_time()) }
}

/// Turns kernel timestamps, which are wall-clock time, into monotonic time.
///
/// Sampled anew for each batch, so that a step of the wall clock harms one batch at most.
struct ArrivalClock {
    let now: MonotonicTime
    private let offset: Int64

    init() { self.init(monotonic: clinux_monotonic_time(), real: clinux_real_time()) }

    init(monotonic: Int64, real: Int64) {
        now = MonotonicTime(nanoseconds: monotonic)
        offset = monotonic &- real
    }

    /// The arrival time for a kernel timestamp, never after now and never before `earliest`; now when there is none.
    func arrival(timestamp: Int64, notBefore earliest: MonotonicTime) -> MonotonicTime {
        guard timestamp != 0 else { return now }
        let mapped = MonotonicTime(nanoseconds: timestamp &+ offset)
        return max(min(mapped, now), min(earliest, now))
    }
}
