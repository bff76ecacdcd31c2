/// The deadlines of one state machine, by key.
///
/// Keys are usually enum cases, so setting a timer twice moves it. There are no closures and no tasks: the owner asks
/// for ``nextDeadline``, sleeps, then takes what is due with ``popExpired(at:)``.
package struct TimerTable<Key: Hashable> {
    private var deadlines: [Key: MonotonicTime] = [:]

    package init() {}

    /// The earliest deadline, or `nil` when no timer runs.
    ///
    /// Costs a pass over the table.
    package var nextDeadline: MonotonicTime? { deadlines.values.min() }

    package var isEmpty: Bool { deadlines.isEmpty }

    /// When the timer fires, or `nil` when it does not run.
    package subscript(key: Key) -> MonotonicTime? { deadlines[key] }

    /// Starts the timer, or moves it when it runs already.
    package mutating func set(_ key: Key, at deadline: MonotonicTime) { deadlines[key] = deadline }

    /// Stops the timer; stopping one that does not run changes nothing.
    package mutating func cancel(_ key: Key) { deadlines[key] = nil }

    package mutating func cancelAll() { deadlines.removeAll(keepingCapacity: true) }

    /// Stops every timer whose key fulfils the condition.
    package mutating func cancelAll(where condition: (Key) -> Bool) {
        deadlines = deadlines.filter { !condition($0.key) }
    }

    /// Takes the earliest timer that is due, or `nil` when none is.
    ///
    /// Call until `nil`.
    package mutating func popExpired(at now: MonotonicTime) -> Key? {
        guard let due = deadlines.min(by: { $0.value < $1.value }), due.value <= now else { return nil }
        deadlines[due.key] = nil
        return due.key
    }
}
