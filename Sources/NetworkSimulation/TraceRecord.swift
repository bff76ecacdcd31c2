package import SansIO

/// One thing that happened to one datagram on a ``VirtualNetwork``.
package struct TraceRecord: Equatable, Sendable, CustomStringConvertible {
    package enum Outcome: Equatable, Sendable {
        /// Handed to a link; arrives at these times.
        case sent(PacketFate)
        case delivered
        /// Nobody is attached at the destination.
        case undeliverable
        /// A NAT turned it away.
        case filtered
        case misaddressed
        case intercepted
    }

    package var time: MonotonicTime
    /// As on the wire where it was seen: after translation when there is a NAT on the way.
    package var source: SocketAddress
    package var destination: SocketAddress
    package var size: Int
    package var outcome: Outcome

    /// One line, with the time in milliseconds.
    package var description: String {
        "\(Double(time.nanoseconds) / 1e6) ms \(source) > \(destination) \(size) B \(outcome)"
    }
}
