/// What a driver needs of anything that speaks datagrams: the one contract between the protocol cores and the network.
///
/// Hand in one input (`handle…`), drain ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. The real media loop
/// and the virtual network of the tests both drive endpoints this way. Confined to one loop; not `Sendable`.
package protocol DatagramEndpoint: AnyObject {
    /// A datagram arrived. The endpoint owns `datagram` from here on.
    ///
    /// - Parameters:
    ///   - remote: Where it came from.
    ///   - local: The address of ours that it was sent to: the base of a candidate.
    ///   - arrival: The kernel's receive time.
    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    )

    /// Time has passed; `now` may be later than what ``nextTimeout`` asked for, or earlier.
    func handleTimeout(at now: MonotonicTime)

    /// When ``handleTimeout(at:)`` wants to be called next; `nil` for never.
    var nextTimeout: MonotonicTime? { get }

    /// The next consequence of the inputs so far, or `nil` when there is none left.
    func pollOutput() -> EndpointOutput?
}

/// A consequence that the driver of a ``DatagramEndpoint`` carries out.
package enum EndpointOutput {
    /// Send the datagram; the driver owns the buffer from here on and recycles it.
    case transmit(PacketBuffer, from: SocketAddress, to: SocketAddress)
    /// Route what matches to this endpoint from now on (only needed where endpoints share a socket).
    case route(DatagramRoute)
    /// Stop routing what matches.
    case unroute(DatagramRoute)
}

/// How a datagram on a shared socket finds its endpoint.
package enum DatagramRoute: Hashable, Sendable {
    /// STUN requests whose USERNAME is exactly this: `local-ufrag:remote-ufrag` (RFC 8445 §7.2.2).
    case username(String)
    /// Everything else from `remote` to `local`, learnt from STUN whose MESSAGE-INTEGRITY verified.
    case path(local: SocketAddress, remote: SocketAddress)
}
