internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// Serves the requests of a connection that are no WebSocket upgrades, and closes one that dawdles.
final class HTTPRouteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    static let name = "routes"

    private enum State {
        case idle
        case receiving(HTTPRequestHead, ByteBuffer)
        /// The body is too long or the request is refused; the rest of it is skipped.
        case skipping
        case answering
    }

    private let route: HTTPRoute?
    private let requestTimeout: Duration
    private let bodyLimit: Int
    private var state = State.idle
    private var deadline: Scheduled<Void>?

    init(route: HTTPRoute?, requestTimeout: Duration, bodyLimit: Int) {
        self.route = route
        self.requestTimeout = requestTimeout
        self.bodyLimit = bodyLimit
    }

    /// From here on the whole request, or the upgrade, which removes this handler, must come in time.
    func handlerAdded(context: ChannelHandlerContext) { startDeadline(context) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), state) {
        case (.head(let head), .idle):
            if head.headers.contains(name: "Upgrade") {
                refuse(400, "Only WebSocket with the subprotocol sip is spoken here.", context)
            } else if ![.GET, .HEAD, .POST].contains(head.method) {
                refuse(405, "Only GET, HEAD and POST are served here.", context)
            } else {
                state = .receiving(head, ByteBuffer())
            }
        case (.body(var part), .receiving(let head, var body)):
            state = .idle  // gives up the first reference to the body, which else were copied
            guard body.readableBytes + part.readableBytes <= bodyLimit else {
                return refuse(413, "The body is longer than \(bodyLimit) octets.", context)
            }
            body.writeBuffer(&part)
            state = .receiving(head, body)
        case (.end, .receiving(let head, let body)): answer(head, body, context)
        case (_, .skipping), (.head, _), (.body, _), (.end, _): break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The request whose upgrade was refused follows, and gets its answer as any other.
        if error is NIOWebSocketUpgradeError { return }
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        state = .answering
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = HTTPRequest(
            method: head.method == .POST ? .post : .get,
            path: parts.first.map(String.init) ?? "/",
            query: parts.count > 1 ? String(parts[1]) : nil,
            body: Array(body.readableBytesView)
        )
        let route = route
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let isHead = head.method == .HEAD
        let keepAlive = head.isKeepAlive
        context.eventLoop.makeFutureWithTask { await route?(request) }
            .whenComplete { result in
                let (handler, context) = bound.value
                let response = (try? result.get()) ?? HTTPResponse(status: 404, text: "There is nothing here.")
                handler.send(response, bodyless: isHead, keepAlive: keepAlive, context)
            }
    }

    private func refuse(_ status: Int, _ text: String, _ context: ChannelHandlerContext) {
        state = .skipping
        send(HTTPResponse(status: status, text: text), bodyless: false, keepAlive: false, context)
    }

    private func send(_ response: HTTPResponse, bodyless: Bool, keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let headers = HTTPHeaders([
            ("Content-Type", response.contentType),
            ("Content-Length", "\(response.body.count)"),
            ("Connection", keepAlive ? "keep-alive" : "close"),
            ("X-Content-Type-Options", "nosniff"),
        ])
        let status = HTTPResponseStatus(statusCode: response.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if !bodyless {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        if keepAlive {
            state = .idle
            startDeadline(context)
        } else {
            let channel = context.channel
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    private func startDeadline(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(requestTimeout)) { channel.close(promise: nil) }
    }
}
