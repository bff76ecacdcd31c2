internal import Dispatch
internal import Glibc

/// SIGINT and SIGTERM as something to wait for.
///
/// Dispatch's signal sources, because a mask would have to be set before the runtime's own threads exist.
struct StopSignals {
    private let sources: [any DispatchSourceSignal]
    private let arrivals: AsyncStream<Int32>

    init() {
        let (arrivals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(2))
        self.arrivals = arrivals
        sources = [SIGINT, SIGTERM].map { number in
            // The source sees the signal all the same; the default action would end the process first.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    /// Returns at the first of the signals.
    func wait() async {
        for await _ in arrivals { return }
    }
}
