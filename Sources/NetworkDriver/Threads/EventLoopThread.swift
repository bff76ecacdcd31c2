internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
package import SansIO
internal import Synchronization

/// A thread that waits for sockets, runs actor jobs, and is the executor of the actor that owns the sockets.
///
/// Each round runs the jobs that were enqueued, then calls `turn` with the sockets that have input, then sleeps as
/// `turn` asks. After ``stop()`` has ended the thread, jobs that still arrive run on the thread that enqueues them, one
/// at a time, so that no task waits for ever.
package final class EventLoopThread: SerialExecutor {
    /// How long the loop rests after a turn.
    package struct Sleep: Sendable {
        /// Until then only jobs wake the loop: sockets are read once per tick, not once per packet.
        package var quietUntil: MonotonicTime
        /// The latest time of the next turn; `nil` waits for input or a job.
        package var deadline: MonotonicTime?

        package init(quietUntil: MonotonicTime, deadline: MonotonicTime?) {
            self.quietUntil = quietUntil
            self.deadline = deadline
        }
    }

    /// Called on the thread with the tokens of the sockets that have input.
    package typealias Turn = @Sendable (_ ready: [UInt64]) -> Sleep

    private enum Job {
        case task(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private enum Phase { case running, stopping, ended, draining }

    private struct Queue {
        var jobs: [Job] = []
        var phase = Phase.running
    }

    // Not Synchronization.Mutex: its contended unlock happens in the kernel, where thread sanitizer cannot see it.
    private let queue = NIOLockedValueBox(Queue())
    private let thread = NIOLockedValueBox<NamedThread?>(nil)
    /// The `pthread_t` of the thread that runs jobs now; 0 for none.
    private let runner = Atomic<UInt>(0)
    private let epoll: FileDescriptor
    private let wakeUp: FileDescriptor

    package init() throws(ThreadError) {
        let epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw ThreadError(code: -epoll) }
        self.epoll = FileDescriptor(epoll)
        let wakeUp = clinux_eventfd_create()
        guard wakeUp >= 0 else { throw ThreadError(code: -wakeUp) }
        self.wakeUp = FileDescriptor(wakeUp)
        let status = clinux_epoll_add(epoll, wakeUp, Self.wakeUpToken)
        guard status == 0 else { throw ThreadError(code: -status) }
    }

    /// Starts the thread, which holds `turn` until ``stop()``.
    package func start(name: String, turn: @escaping Turn) throws(ThreadError) {
        let started = try NamedThread(name: name) { self.run(turn) }
        thread.withLockedValue { $0 = started }
    }

    /// Ends the thread after the jobs already enqueued, and waits for it unless called on it.
    package func stop() {
        queue.withLockedValue { queue in
            if queue.phase == .running { queue.phase = .stopping }
        }
        clinux_eventfd_signal(wakeUp.number)
        guard !isOnLoop, let thread = thread.withLockedValue({ $0.take() }) else { return }
        thread.join()
    }

    /// Runs `closure` on the thread, in order with the actor's jobs.
    package func execute(_ closure: @escaping @Sendable () -> Void) { append(.closure(closure)) }

    package func enqueue(_ job: consuming ExecutorJob) { append(.task(UnownedJob(job))) }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    package func checkIsolated() { precondition(isOnLoop, "this code belongs on its media loop's thread") }

    /// Whether the caller runs on the loop.
    package var isOnLoop: Bool { runner.load(ordering: .acquiring) == pthread_self() }

    /// Watches a socket for input under a token that is not `UInt64.max`; false when the system refuses.
    func watch(_ descriptor: borrowing FileDescriptor, token: UInt64) -> Bool {
        clinux_epoll_add(epoll.number, descriptor.number, token) == 0
    }

    func unwatch(_ descriptor: borrowing FileDescriptor) {
        _ = clinux_epoll_remove(epoll.number, descriptor.number)
    }

    private static let wakeUpToken = UInt64.max
}

extension EventLoopThread {
    private func append(_ job: Job) {
        let (isFirst, phase) = queue.withLockedValue { queue in
            queue.jobs.append(job)
            let before = queue.phase
            if before == .ended { queue.phase = .draining }
            return (queue.jobs.count == 1, before)
        }
        switch phase {
        case .running, .stopping:
            if isFirst { clinux_eventfd_signal(wakeUp.number) }
        case .ended: standIn()
        case .draining: break  // whoever drains takes this job too
        }
    }

    private func run(_ turn: Turn) {
        runner.store(pthread_self(), ordering: .releasing)
        var tokens = [UInt64](repeating: 0, count: Self.tokensPerTurn)
        var ready: [UInt64] = []
        ready.reserveCapacity(Self.tokensPerTurn)
        while runJobs() {
            let sleep = turn(ready)
            ready.removeAll(keepingCapacity: true)
            wait(sleep, tokens: &tokens, ready: &ready)
        }
    }

    /// Runs what is enqueued; false when the thread shall end.
    private func runJobs() -> Bool {
        while true {
            let (jobs, phase) = queue.withLockedValue { queue in
                if queue.phase == .stopping, queue.jobs.isEmpty {
                    // Under the lock, so that whoever stands in for the thread comes after it.
                    runner.store(0, ordering: .releasing)
                    queue.phase = .ended
                }
                return (takeJobs(&queue), queue.phase)
            }
            jobs.forEach(run)
            switch phase {
            case .running: return true
            case .stopping: continue  // jobs that these jobs enqueued
            case .ended, .draining: return false
            }
        }
    }

    private func takeJobs(_ queue: inout Queue) -> [Job] {
        let jobs = queue.jobs
        queue.jobs = []
        return jobs
    }

    private func run(_ job: Job) {
        switch job {
        case .task(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        case .closure(let closure): closure()
        }
    }

    /// Runs jobs after the thread has ended; one enqueuer at a time does.
    private func standIn() {
        runner.store(pthread_self(), ordering: .releasing)
        while true {
            let jobs = queue.withLockedValue { queue in
                if queue.jobs.isEmpty {
                    runner.store(0, ordering: .releasing)
                    queue.phase = .ended
                }
                return takeJobs(&queue)
            }
            guard !jobs.isEmpty else { return }
            jobs.forEach(run)
        }
    }

    private func wait(_ sleep: Sleep, tokens: inout [UInt64], ready: inout [UInt64]) {
        var now = SystemClock.now
        if sleep.quietUntil > now {
            if clinux_wait_readable(wakeUp.number, (sleep.quietUntil - now).nanoseconds) == 1 {
                clinux_eventfd_clear(wakeUp.number)
                return
            }
            now = SystemClock.now
        }
        let timeout = sleep.deadline.map { max(0, ($0 - now).nanoseconds) } ?? -1
        let count = unsafe tokens.withUnsafeMutableBufferPointer { tokens in
            unsafe clinux_epoll_wait(epoll.number, tokens.baseAddress, UInt32(tokens.count), timeout)
        }
        for index in 0..<max(0, Int(count)) {
            if tokens[index] == Self.wakeUpToken {
                clinux_eventfd_clear(wakeUp.number)
            } else {
                ready.append(tokens[index])
            }
        }
    }

    /// Sockets reported per wait; the rest is reported by the next, since the poll is level-triggered.
    private static let tokensPerTurn = 256
}
