/// A point on the monotonic clock, in nanoseconds since an origin of the driver's choosing.
///
/// Every input of a sans-IO core carries one; no core reads a clock. In tests the origin is zero and time jumps from
/// deadline to deadline.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the origin.
    public var nanoseconds: Int64

    /// Creates the time `nanoseconds` after the origin.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The origin of the clock.
    public static let zero = MonotonicTime(nanoseconds: 0)

    /// Orders by time.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time `duration` later, or earlier when it is negative.
    public func advanced(by duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds &+ duration.nanoseconds)
    }

    /// The time from `earlier` to this one; negative when `earlier` is the later of the two.
    public func duration(since earlier: MonotonicTime) -> Duration {
        .nanoseconds(nanoseconds &- earlier.nanoseconds)
    }

    /// The time `duration` later.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime { time.advanced(by: duration) }

    /// The time `duration` earlier.
    public static func - (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: time.nanoseconds &- duration.nanoseconds)
    }

    /// The time from `earlier` to `later`.
    public static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration { later.duration(since: earlier) }
}

extension Duration {
    /// The whole duration in nanoseconds, truncated toward zero; saturates after 292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole &+ attoseconds / 1_000_000_000
    }

    /// The duration in seconds, as a floating-point number.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    /// The duration in milliseconds, as a floating-point number.
    public var inMilliseconds: Double { Double(nanoseconds) / 1e6 }
}
