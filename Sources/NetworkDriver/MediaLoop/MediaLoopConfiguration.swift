package import Logging
package import SansIO

/// How media loops use the machine.
package struct MediaLoopConfiguration: Sendable {
    /// How often a loop reads its sockets and serves its timers, at most; zero for at once.
    ///
    /// A wake-up costs as much as the work it finds: 5 ms of patience save a third of the CPU of an audio call. A loop
    /// with nothing to do sleeps until something comes.
    package var tick: Duration
    /// Which local addresses sockets are opened on.
    package var localAddresses: LocalAddresses
    /// The UDP ports to use; `nil` leaves the choice to the kernel.
    package var ports: ClosedRange<UInt16>?
    /// Octets of receive and send buffer to ask for, per socket.
    package var socketBufferSize: Int
    /// Local addresses that one endpoint uses at most.
    package var addressLimit: Int
    /// A turn that begins this much later than planned is counted as late.
    package var latenessLimit: Duration
    package var logger: Logger

    package init(
        tick: Duration = .milliseconds(5),
        localAddresses: LocalAddresses = .interfaces(),
        ports: ClosedRange<UInt16>? = nil,
        socketBufferSize: Int = 4 << 20,
        addressLimit: Int = 16,
        latenessLimit: Duration = .milliseconds(10),
        logger: Logger = Logger(label: "offhook.media")
    ) {
        self.tick = tick
        self.localAddresses = localAddresses
        self.ports = ports
        self.socketBufferSize = socketBufferSize
        self.addressLimit = addressLimit
        self.latenessLimit = latenessLimit
        self.logger = logger
    }
}

/// Which sockets an endpoint gets.
package enum SocketChoice: Sendable, Equatable {
    /// The loop's own port, one socket per local address, shared with the other endpoints that answer.
    ///
    /// - Parameter peers: The addresses in the peer's description. When one of them already belongs to another endpoint
    ///   of this loop, 5-tuples could not tell the two apart, and the endpoint gets sockets of its own.
    case shared(peers: [SocketAddress] = [])
    /// A new port per local address, for an endpoint that offers, or that cannot be told apart by STUN.
    case own
}

/// What an endpoint is made from.
package struct EndpointContext {
    /// The addresses that its sockets are bound to.
    package let localAddresses: [SocketAddress]
    /// Buffers for what it sends, confined to the loop; those sent come back here.
    package let pool: PacketPool
    package let now: MonotonicTime
}

/// Why a media loop did not do what was asked.
package enum MediaLoopError: Error, Equatable {
    /// The configuration leaves no address to use.
    case noLocalAddress
    /// No socket could be opened on this address; `code` is the errno value.
    case cannotBind(IPAddress, code: Int32)
    case noSuchEndpoint
    case shutDown
}

/// What a media loop has done and lost so far.
package struct MediaLoopCounters: Sendable, Equatable {
    package var receivedDatagrams: UInt64 = 0
    package var receivedBatches: UInt64 = 0
    package var sentDatagrams: UInt64 = 0
    package var sentBatches: UInt64 = 0
    /// Sends that found the socket's buffer full; their datagrams were tried again.
    package var sendsDeferred: UInt64 = 0
    /// Datagrams dropped because too many waited to be sent.
    package var sendOverflows: UInt64 = 0
    /// Datagrams that the kernel refused to send.
    package var sendErrors: UInt64 = 0
    /// Datagrams from an address that is none of the endpoint's own.
    package var foreignSources: UInt64 = 0
    /// Datagrams that full receive buffers have cost, by the kernel's count.
    package var kernelDrops: UInt64 = 0
    /// Datagrams longer than a packet buffer, dropped.
    package var truncated: UInt64 = 0
    package var unknownUsernames: UInt64 = 0
    package var unknownTransactions: UInt64 = 0
    package var unknownPaths: UInt64 = 0
    /// Routes refused because the endpoint has too many, or has them for an address that is none of its own.
    package var refusedRoutes: UInt64 = 0
    package var turns: UInt64 = 0
    /// Turns that began later than the configuration's limit.
    package var lateTurns: UInt64 = 0
    package var greatestLateness = Duration.zero

    /// Datagrams on shared sockets that belong to no endpoint.
    package var unroutable: UInt64 { unknownUsernames + unknownTransactions + unknownPaths }

    package init() {}
}
