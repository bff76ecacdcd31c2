package import NIOCore
internal import NIOPosix
package import SansIO

/// The event loop of signalling: WebSocket connections live on it, and it is the executor of the actors that own them.
package final class SignallingLoop: Sendable {
    /// A timer that has been set.
    package struct Timer: Sendable {
        fileprivate let scheduled: Scheduled<Void>

        /// Stops it; afterwards it fires no more, if called on the loop.
        package func cancel() { scheduled.cancel() }
    }

    package let eventLoop: any EventLoop
    /// For the `unownedExecutor` of actors.
    package let executor: any SerialExecutor
    private let group: MultiThreadedEventLoopGroup

    /// Starts the loop's thread.
    package init() {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        eventLoop = group.next()
        executor = eventLoop.executor
    }

    /// Calls `body` on the loop at `deadline`, or soon when that is past.
    package func schedule(at deadline: MonotonicTime, _ body: @escaping @Sendable () -> Void) -> Timer {
        // NIODeadline counts from the same origin: CLOCK_MONOTONIC.
        let deadline = NIODeadline.uptimeNanoseconds(UInt64(max(0, deadline.nanoseconds)))
        return Timer(scheduled: eventLoop.scheduleTask(deadline: deadline, body))
    }

    /// Runs `body` on the loop, in the order of the calls.
    package func execute(_ body: @escaping @Sendable () -> Void) { eventLoop.execute(body) }

    /// Ends the thread and closes the connections that are left.
    package func shutDown() async {
        // It fails only when it has been shut down before.
        _ = try? await group.shutdownGracefully()
    }
}
