internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import SansIO

@testable import NetworkDriver

/// What WebSocket connections report, in order.
struct EventInbox {
    struct Entry: Sendable {
        let connection: WebSocketConnection
        let event: WebSocketEvent
    }

    let handler: WebSocketEventHandler
    private var iterator: AsyncStream<Entry>.Iterator

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Entry.self)
        handler = { connection, event in
            connection.eventLoop.preconditionInEventLoop()
            continuation.yield(Entry(connection: connection, event: event))
        }
        iterator = stream.makeAsyncIterator()
    }

    mutating func next() async -> Entry? { await iterator.next(isolation: #isolation) }
    mutating func nextEvent() async -> WebSocketEvent? { await next()?.event }
}

/// A TCP connection whose octets a test writes and reads itself.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let stream: AsyncStream<[UInt8]>
    /// What came with a head and belongs to the next read.
    private let leftOver = NIOLockedValueBox<[UInt8]>([])

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: AsyncStream<[UInt8]>.Continuation

        init(inbox: AsyncStream<[UInt8]>.Continuation) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox.yield(Array(Self.unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) { inbox.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    init(to address: SansIO.SocketAddress, on loop: any EventLoop) async throws {
        let (stream, inbox) = AsyncStream.makeStream(of: [UInt8].self)
        self.stream = stream
        channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(inbox: inbox))
                }
            }
            .connect(host: "\(address.ip)", port: Int(address.port)).get()
    }

    func write(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Reads until the condition holds or the peer closes; gives all that was read.
    func read(until isEnough: ([UInt8]) -> Bool = { _ in false }) async -> [UInt8] {
        var bytes = leftOver.withLockedValue { bytes in
            defer { bytes = [] }
            return bytes
        }
        var iterator = stream.makeAsyncIterator()
        while !isEnough(bytes), let part = await iterator.next(isolation: #isolation) { bytes += part }
        return bytes
    }

    /// Reads an HTTP head.
    func readHead() async -> String {
        let end: [UInt8] = [13, 10, 13, 10]
        let bytes = await read { $0.firstRange(of: end) != nil }
        let length = bytes.firstRange(of: end)?.upperBound ?? bytes.count
        leftOver.withLockedValue { $0 = Array(bytes[length...]) }
        return String(decoding: bytes[..<length], as: UTF8.self)
    }

    /// Reads everything up to the end of the connection.
    func readAll() async -> String { String(decoding: await read(), as: UTF8.self) }

    func close() { channel.close(promise: nil) }

    static func upgradeRequest(subprotocol: String?) -> String {
        let offer = subprotocol.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
        return "GET /sip HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(offer)\r\n"
    }

    /// A frame with the mask 0, which leaves the payload as it is (RFC 6455 §5.2).
    static func frame(opcode: UInt8, fin: Bool = true, masked: Bool = true, _ payload: [UInt8]) -> [UInt8] {
        var bytes = [opcode | (fin ? 0x80 : 0)]
        let mask: UInt8 = masked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(mask | UInt8(payload.count))
        case ..<65536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(mask | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        return bytes + (masked ? [0, 0, 0, 0] : []) + payload
    }
}

/// A server and a loop for its clients.
struct Peers {
    let loop: SignallingLoop
    let server: WebSocketServer
    var accepted: EventInbox

    var url: WebSocketURL? { WebSocketURL("ws://\(server.address)/sip") }

    func connect(
        _ configuration: WebSocketConfiguration = .init(),
        to text: String? = nil
    ) throws -> (WebSocketConnection, EventInbox) {
        let inbox = EventInbox()
        let url = text.map { WebSocketURL($0) } ?? url
        guard let url else { throw WebSocketError.cannotConnect("not a URL") }
        let connection = WebSocketClient(configuration: configuration)
            .connect(to: url, on: loop.eventLoop, handler: inbox.handler)
        return (connection, inbox)
    }
}

/// Runs `body` with a server on a loopback port.
func withServer(
    _ configuration: WebSocketServerConfiguration = .init(),
    route: HTTPRoute? = nil,
    _ body: (inout Peers) async throws -> Void
) async throws {
    let loop = SignallingLoop()
    let accepted = EventInbox()
    let server = try await WebSocketServer.start(
        configuration,
        on: loop.eventLoop,
        route: route,
        handler: accepted.handler
    )
    var peers = Peers(loop: loop, server: server, accepted: accepted)
    do {
        try await body(&peers)
    } catch {
        await server.shutDown()
        await loop.shutDown()
        throw error
    }
    await server.shutDown()
    await loop.shutDown()
}
