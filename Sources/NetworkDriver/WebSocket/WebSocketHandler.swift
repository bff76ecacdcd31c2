internal import NIOCore
internal import NIOWebSocket

/// The life of an upgraded connection: messages and their fragments, pings, and the closing handshake.
///
/// Last in the pipeline, behind the frame codec.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// The outbound event that starts the closing handshake.
    struct Close: Sendable { let code: UInt16 }

    enum Side { case client, server }

    private enum State {
        /// In the pipeline; the application has not been told.
        case upgraded
        case open
        /// We have sent a close frame.
        case closing(WebSocketCloseReason)
        case closed
    }

    private let connection: WebSocketConnection
    private let side: Side
    private let configuration: WebSocketConfiguration
    private var state = State.upgraded
    /// The fragments so far of a message under way.
    private var fragments: ByteBuffer?
    private var fragmentCount = 0
    private var timer: Scheduled<Void>?
    private var awaitsPong = false

    init(connection: WebSocketConnection, side: Side, configuration: WebSocketConfiguration) {
        self.connection = connection
        self.side = side
        self.configuration = configuration
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // The upgrade is over once this turn of the loop ends; frames that came with it may be read before.
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            handler.openIfUpgraded(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        openIfUpgraded(context)
        let frame = Self.unwrapInboundIn(data)
        switch state {
        case .open: noteLife(context)
        case .closing: break
        case .upgraded, .closed: return
        }
        // "a server MUST close the connection upon receiving a frame that is not masked" and the reverse (RFC 6455 §5.1).
        guard (frame.maskKey != nil) == (side == .server), frame.reservedBits.isEmpty else {
            return fail(.protocolViolation("masking or reserved bits"), code: 1002, context)
        }
        switch frame.opcode {
        case .text, .binary, .continuation: receive(frame, context)
        case .ping: answer(frame, context)
        case .pong: break
        case .connectionClose: receiveClose(frame, context)
        default: fail(.protocolViolation("opcode \(frame.opcode)"), code: 1002, context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .open = state else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        context.write(wrap(.text, Self.unwrapOutboundIn(data)), promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let close = event as? Close else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        startClose(.requested, code: close.code, context)
        promise?.succeed(())
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .closing(let reason) = state { end(reason) } else { end(.failed(.connectionLost)) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(.messageTooLong, code: 1009, context)
        case is NIOWebSocketError: fail(.protocolViolation("\(error)"), code: 1002, context)
        default:
            // A reset, a TLS alert, an end of file without close_notify: nothing more will come.
            end(.failed(.connectionLost))
            context.close(promise: nil)
        }
    }
}

// Messages

extension WebSocketHandler {
    private func openIfUpgraded(_ context: ChannelHandlerContext) {
        guard case .upgraded = state, context.channel.isActive else { return }
        state = .open
        schedulePing(context)
        connection.opened(on: context.channel)
    }

    private func receive(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        guard case .open = state else { return }  // after our close frame, messages are discarded
        var data = frame.unmaskedData
        guard (frame.opcode == .continuation) == (fragments != nil) else {
            return fail(.protocolViolation("fragments out of order"), code: 1002, context)
        }
        if var message = fragments {
            message.writeBuffer(&data)
            data = message
        }
        fragmentCount += 1
        guard data.readableBytes <= configuration.messageLimit, fragmentCount <= Self.fragmentLimit else {
            return fail(.messageTooLong, code: 1009, context)
        }
        guard frame.fin else {
            fragments = data
            return
        }
        fragments = nil
        fragmentCount = 0
        connection.received(Array(data.readableBytesView))
    }

    private func answer(_ ping: WebSocketFrame, _ context: ChannelHandlerContext) {
        guard case .open = state else { return }
        context.writeAndFlush(wrap(.pong, ping.unmaskedData), promise: nil)
    }

    private func wrap(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> NIOAny {
        let mask: WebSocketMaskingKey? = side == .client ? .random() : nil
        return Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, maskKey: mask, data: data))
    }

    /// A peer that sends a message in more pieces wants our time, not our attention.
    private static let fragmentLimit = 1024
}

// The closing handshake (RFC 6455 §7)

extension WebSocketHandler {
    private func receiveClose(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        var data = frame.unmaskedData
        let code = data.readInteger(as: UInt16.self)
        switch state {
        case .closing(let reason):
            end(reason)
            context.close(promise: nil)
        case .open:
            let reason = String(buffer: data)
            writeClose(code, context)
            end(.remote(code: code, reason: reason))
            context.close(promise: nil)
        case .upgraded, .closed: break
        }
    }

    private func startClose(_ reason: WebSocketCloseReason, code: UInt16, _ context: ChannelHandlerContext) {
        switch state {
        case .open, .upgraded:
            state = .closing(reason)
            writeClose(code, context)
            schedule(after: configuration.closeTimeout, context) { handler, context in
                handler.end(reason)
                context.close(promise: nil)
            }
        case .closing, .closed: break
        }
    }

    private func fail(_ error: WebSocketError, code: UInt16, _ context: ChannelHandlerContext) {
        guard case .open = state else { return context.close(promise: nil) }
        writeClose(code, context)
        end(.failed(error))
        context.close(promise: nil)
    }

    private func writeClose(_ code: UInt16?, _ context: ChannelHandlerContext) {
        var data = ByteBuffer()
        if let code { data.writeInteger(code) }
        context.writeAndFlush(wrap(.connectionClose, data), promise: nil)
    }

    private func end(_ reason: WebSocketCloseReason) {
        if case .closed = state { return }
        state = .closed
        timer?.cancel()
        connection.finish(reason)
    }
}

// Pings

extension WebSocketHandler {
    private func schedulePing(_ context: ChannelHandlerContext) {
        guard let interval = configuration.pingInterval else { return }
        schedule(after: interval, context) { handler, context in
            guard case .open = handler.state else { return }
            handler.awaitsPong = true
            context.writeAndFlush(handler.wrap(.ping, ByteBuffer()), promise: nil)
            handler.schedule(after: handler.configuration.pongTimeout, context) { handler, context in
                handler.end(.failed(.pingTimeout))
                context.close(promise: nil)
            }
        }
    }

    /// Whatever the peer sends answers a ping.
    private func noteLife(_ context: ChannelHandlerContext) {
        guard awaitsPong else { return }
        awaitsPong = false
        schedulePing(context)
    }

    /// Replaces the timer.
    private func schedule(
        after delay: Duration,
        _ context: ChannelHandlerContext,
        _ body: @escaping @Sendable (WebSocketHandler, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
            let (handler, context) = bound.value
            body(handler, context)
        }
    }
}
