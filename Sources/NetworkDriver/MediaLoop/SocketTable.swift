internal import Logging
internal import SansIO

/// The sockets of a loop: those that endpoints share, one per local address, and those of single endpoints.
struct SocketTable {
    private var sockets: [UInt64: UDPSocket] = [:]
    private var shared: [IPAddress: UDPSocket] = [:]
    private var sharedCount: UInt16 = 0
    private var nextToken: UInt64 = 0
    private var ports: PortAllocator
    private let bufferSize: Int
    private let logger: Logger
    /// What sockets now closed had lost.
    private var dropsOfClosed: UInt64 = 0

    init(_ configuration: MediaLoopConfiguration) {
        ports = PortAllocator(range: configuration.ports)
        bufferSize = configuration.socketBufferSize
        logger = configuration.logger
    }

    subscript(token: UInt64) -> UDPSocket? { sockets[token] }

    var all: some Collection<UDPSocket> { sockets.values }

    /// Datagrams that full receive buffers have cost.
    var kernelDrops: UInt64 { sockets.values.reduce(dropsOfClosed) { $0 + UInt64($1.kernelDrops) } }

    /// The shared socket on an address, opened now if there is none yet.
    mutating func shared(on ip: IPAddress, thread: EventLoopThread) throws(MediaLoopError) -> UDPSocket {
        if let socket = shared[ip] { return socket }
        let socket = try open(ip, use: .shared(sharedCount), thread: thread)
        sharedCount += 1
        shared[ip] = socket
        logger.debug("media port opened", metadata: ["address": "\(socket.local)"])
        if socket.receiveBufferSize < bufferSize {
            logger.info(
                "the system grants a smaller receive buffer than asked for; sysctl net.core.rmem_max raises it",
                metadata: ["asked": "\(bufferSize)", "granted": "\(socket.receiveBufferSize)"]
            )
        }
        return socket
    }

    /// A new socket on an address, for one endpoint.
    mutating func open(
        _ ip: IPAddress,
        for owner: EndpointID,
        thread: EventLoopThread
    ) throws(MediaLoopError) -> UDPSocket {
        try open(ip, use: .own(owner), thread: thread)
    }

    /// Closes a socket once its last holder lets go of it.
    mutating func close(_ socket: UDPSocket, thread: EventLoopThread) {
        thread.unwatch(socket.descriptor)
        sockets[socket.token] = nil
        dropsOfClosed += UInt64(socket.kernelDrops)
    }

    mutating func closeAll(thread: EventLoopThread) {
        for socket in sockets.values { thread.unwatch(socket.descriptor) }
        dropsOfClosed = kernelDrops
        sockets = [:]
        shared = [:]
    }

    private mutating func open(
        _ ip: IPAddress,
        use: UDPSocket.Use,
        thread: EventLoopThread
    ) throws(MediaLoopError) -> UDPSocket {
        let socket = try UDPSocket(ip: ip, ports: &ports, bufferSize: bufferSize, use: use, token: nextToken)
        guard thread.watch(socket.descriptor, token: nextToken) else { throw .cannotBind(ip, code: 0) }
        nextToken += 1
        sockets[socket.token] = socket
        return socket
    }
}
