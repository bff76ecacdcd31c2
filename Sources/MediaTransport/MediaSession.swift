package import DTLS
internal import ICE
package import MediaTypes
internal import RTP
package import SDP
internal import STUN
package import SansIO

/// The media of one call, without its sockets: transports, streams and their negotiation.
///
/// Engine: one input (`handle…`, a description, `send`), then ``pollOutput()`` to `nil`, then sleep until
/// ``nextTimeout``. Descriptions are in `MediaSession+Negotiation`. Confined to the call's loop.
package final class MediaSession {
    let configuration: MediaSessionConfiguration
    let identity: DTLSIdentity
    let pool: PacketPool
    var random: RandomSource
    /// Wall time of a monotonic instant, for sender reports.
    private let wallClock: (MonotonicTime) -> NTPTime

    /// The transports of the call; with BUNDLE many sections share one.
    var transports: [TransportKey: SecureTransport] = [:]
    /// Which transport carries a section.
    var bundle: [MediaID: TransportKey] = [:]
    var streams: [MediaID: MediaStream] = [:]
    /// Our addresses, bases of host candidates.
    var localAddresses: [SocketAddress] = []
    var localOffer: SessionDescription?
    var sessionID: UInt64
    private var remotePaths: [SocketAddress: TransportKey] = [:]
    private var outputs = OutputQueue<MediaSessionOutput>()
    private var nextReport: MonotonicTime?
    private var wasConnected = false

    /// Packets of no stream of ours: unknown payload type, MID or source.
    package private(set) var unroutable = 0

    /// - Parameters:
    ///   - random: Must be cryptographic in production.
    ///   - wallClock: Maps an instant to wall time.
    package init(
        configuration: MediaSessionConfiguration,
        identity: DTLSIdentity,
        pool: PacketPool,
        random: RandomSource,
        wallClock: @escaping (MonotonicTime) -> NTPTime
    ) {
        self.configuration = configuration
        self.identity = identity
        self.pool = pool
        self.random = random
        self.wallClock = wallClock
        sessionID = 0
        // An o= line's identifier that fits a signed 64-bit integer (RFC 9429 §5.2.1).
        sessionID = self.random.next() >> 1
    }

    /// Adds an address of ours; before the first description.
    package func addLocalAddress(_ base: SocketAddress) { localAddresses.append(base) }

    package func pollOutput() -> MediaSessionOutput? { outputs.popFirst() }

    package var nextTimeout: MonotonicTime? {
        var deadlines = transports.values.compactMap(\.nextTimeout)
        // Feedback waits for a connection that can carry it.
        if isConnected { deadlines += (streams.values.map(\.nextNACK) + [nextReport]).compactMap(\.self) }
        return deadlines.min()
    }

    /// Whether every transport is connected.
    package var isConnected: Bool {
        !transports.isEmpty && transports.values.allSatisfy { $0.state == .connected }
    }

    /// What has passed in a section.
    package func statistics(_ mid: MediaID) -> MediaStreamStatistics? { streams[mid]?.statistics }

    /// The section of a kind, the first when there are several.
    package func section(_ kind: MediaKind) -> MediaID? {
        streams.values.filter { $0.kind == kind }.map(\.mid).min { $0.rawValue < $1.rawValue }
    }

    // MARK: - Inputs

    package func handle(
        _ packet: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        guard let transport = transport(of: packet, from: remote) else {
            unroutable += 1
            return pool.recycle(packet)
        }
        transport.handle(packet, from: remote, on: local, at: arrival)
        drain(at: arrival)
    }

    package func handleTimeout(at now: MonotonicTime) {
        for transport in transports.values where transport.nextTimeout.map({ $0 <= now }) ?? false {
            transport.handleTimeout(at: now)
        }
        drain(at: now)
        guard isConnected else { return }
        for mid in streams.keys where streams[mid]?.nextNACK.map({ $0 <= now }) ?? false {
            sendControl(mid) { $0.appendDueNACKs(to: $1, at: now) }
        }
        if let due = nextReport, due <= now { sendReports(at: now) }
        drain(at: now)
    }

    /// Ends the call's media: BYE, then the transports.
    package func close(at now: MonotonicTime) {
        if isConnected {
            sendReports(at: now, isLast: true)
            nextReport = nil
        }
        for transport in transports.values { transport.close(at: now) }
        drain(at: now)
    }

    // MARK: - Sending

    /// Sends one RTP packet of a section.
    ///
    /// - Returns: False when the section does not exist, does not send that format, or has no connection; counted by the
    ///   transport.
    @discardableResult
    package func send(
        _ format: PayloadFormat,
        on mid: MediaID,
        payload: RawSpan,
        timestamp: UInt32,
        marker: Bool,
        at now: MonotonicTime
    ) -> Bool {
        guard let type = streams[mid]?.payloadType(of: format), let transport = bundle[mid].flatMap({ transports[$0] }),
            payload.byteCount <= Self.maximumPayload, streams[mid]?.terms.direction.sends == true
        else { return false }
        let packet = pool.take()
        streams[mid]?.begin(
            packet,
            payloadType: type,
            timestamp: timestamp,
            marker: marker,
            payloadSize: payload.byteCount,
            at: now
        )
        packet.append(payload)
        let isSent = transport.send(rtp: packet) { streams[mid]?.remember($0, at: now) }
        streams[mid]?.advance()
        drain(at: now)
        return isSent
    }

    /// Room for the header, the extensions and the SRTP trailer in a packet buffer.
    private static let maximumPayload = 1800

    /// Asks the peer for a key frame (PLI).
    package func requestKeyFrame(_ mid: MediaID, at now: MonotonicTime) {
        guard isConnected else { return }
        sendControl(mid) { stream, packet in
            stream.appendPLI(to: packet)
            return packet.count > 0
        }
        drain(at: now)
    }

    private func sendControl(_ mid: MediaID, _ body: (inout MediaStream, PacketBuffer) -> Bool) {
        guard var stream = streams[mid], let transport = bundle[mid].flatMap({ transports[$0] }) else { return }
        let packet = pool.take()
        if body(&stream, packet) { transport.send(rtcp: packet) } else { pool.recycle(packet) }
        streams[mid] = stream
    }

    /// One compound packet for each section, every second, spread by half (RFC 3550 §6.2, RFC 4585 §3.4).
    private func sendReports(at now: MonotonicTime, isLast: Bool = false) {
        for mid in streams.keys {
            sendControl(mid) { stream, packet in
                stream.appendReport(
                    cname: configuration.cname,
                    wallClock: wallClock(now),
                    to: packet,
                    at: now
                )
                if isLast { RTCPWriter.appendBye([stream.ssrc], to: packet) }
                return true
            }
        }
        nextReport = now + .milliseconds(Int64.random(in: 500...1500, using: &random))
    }

    // MARK: - Demultiplexing

    private func transport(of packet: PacketBuffer, from remote: SocketAddress) -> SecureTransport? {
        if transports.count == 1 { return transports.first?.value }
        if let peek = STUNPeek(packet.bytes) {
            if let username = peek.username {
                let fragment = username.prefix { $0 != ":" }
                return transports.values.first { $0.ice.localCredentials.usernameFragment == fragment }
            }
            return transports.values.first { $0.ice.awaitsResponse(to: peek.transactionID) }
        }
        return remotePaths[remote].flatMap { transports[$0] }
    }

    func drain(at now: MonotonicTime) {
        for key in transports.keys.sorted(by: { $0.mid.rawValue < $1.mid.rawValue }) {
            while let output = transports[key]?.pollOutput() { perform(output, key, at: now) }
        }
    }

    private func perform(_ output: TransportOutput, _ key: TransportKey, at now: MonotonicTime) {
        switch output {
        case .transmit(let packet, let local, let remote):
            outputs.append(.transmit(packet, from: local, to: remote))
        case .route(let route):
            if case .path(_, let remote) = route { remotePaths[remote] = key }
            outputs.append(.route(route))
        case .unroute(let route): outputs.append(.unroute(route))
        case .rtp(let packet, let arrival): receive(packet, at: arrival)
        case .rtcp(let packet, let arrival):
            receiveControl(packet, at: arrival)
            pool.recycle(packet)
        case .state(.connected):
            guard isConnected, !wasConnected else { return }
            wasConnected = true
            nextReport = now + .milliseconds(Int64.random(in: 100...500, using: &random))
            outputs.append(.event(.connected))
        case .state(.failed(let failure)): outputs.append(.event(.failed(failure)))
        case .state(.closed): outputs.append(.event(.closed))
        case .state(.new), .state(.connecting): break
        }
    }

    private func receive(_ packet: PacketBuffer, at arrival: MonotonicTime) {
        guard let header = RTPHeader(parsing: packet.bytes), let mid = section(of: header, packet.bytes),
            let format = streams[mid]?.format(of: header.payloadType), streams[mid]?.terms.direction.receives == true
        else {
            unroutable += 1
            return pool.recycle(packet)
        }
        guard let sequence = streams[mid]?.receive(header, payloadSize: header.payloadSize, at: arrival) else {
            return pool.recycle(packet)
        }
        outputs.append(
            .received(
                ReceivedPacket(
                    mid: mid,
                    format: format,
                    ssrc: header.ssrc,
                    sequence: sequence,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    payload: header.payload,
                    buffer: packet,
                    arrival: arrival
                )
            )
        )
    }

    /// A packet's section: by its source once that is known, else by MID, else by payload type (RFC 8843 §9.2).
    private func section(of header: RTPHeader, _ bytes: RawSpan) -> MediaID? {
        for (mid, stream) in streams where stream.owns(header.ssrc) { return mid }
        for stream in streams.values {
            if let stated = stream.statedMID(header, in: bytes) {
                let mid = MediaID(stated)
                return streams[mid] == nil ? nil : mid
            }
        }
        let candidates = streams.values.filter { $0.format(of: header.payloadType) != nil }
        return candidates.count == 1 ? candidates.first?.mid : nil
    }

    private func receiveControl(_ packet: PacketBuffer, at arrival: MonotonicTime) {
        for report in RTCPPacket.parse(packet.bytes).packets {
            switch report {
            case .senderReport(let source, let information, let blocks):
                for mid in streams.keys { streams[mid]?.handle(information, from: source, at: arrival) }
                handle(blocks, at: arrival)
            case .receiverReport(_, let blocks): handle(blocks, at: arrival)
            case .negativeAcknowledgement(let media, let numbers): resend(numbers, of: media, at: arrival)
            case .pictureLossIndication(let media), .fullIntraRequest(let media, _):
                for (mid, stream) in streams where stream.ssrc == media {
                    outputs.append(.event(.keyFrameRequested(mid)))
                }
            case .sourceDescription, .bye, .other: break
            }
        }
    }

    private func handle(_ blocks: [ReportBlock], at arrival: MonotonicTime) {
        for mid in streams.keys {
            for block in blocks { streams[mid]?.handle(block, receivedAt: wallClock(arrival)) }
        }
    }

    private func resend(_ numbers: [SequenceNumber], of media: SSRC, at now: MonotonicTime) {
        guard let mid = streams.first(where: { $0.value.ssrc == media })?.key,
            let transport = bundle[mid].flatMap({ transports[$0] })
        else { return }
        for number in numbers {
            let packet = pool.take()
            if streams[mid]?.retrieve(number, at: now, into: packet) == true {
                transport.resend(packet)
            } else {
                pool.recycle(packet)
            }
        }
    }
}
