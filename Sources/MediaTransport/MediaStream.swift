package import MediaTypes
internal import RTP
package import SDP
internal import SansIO

/// What has been sent and received in one section.
package struct MediaStreamStatistics: Equatable, Sendable {
    package var packetsSent: Int64 = 0
    package var octetsSent: Int64 = 0
    package var retransmitted = 0
    package var packetsReceived: Int64 = 0
    package var packetsExpected: Int64 = 0
    package var packetsLost: Int64 = 0
    package var duplicates: Int64 = 0
    package var jitter = Duration.zero
    package var roundTripTime: Duration?
}

/// The RTP of one media section: our outgoing stream, and the streams of the peer.
package struct MediaStream {
    private struct Incoming {
        var statistics: ReceptionStatistics
        var nack = NACKGenerator()
    }

    package let mid: MediaID
    package let kind: MediaKind
    /// What payload types mean, and which feedback is spoken.
    package private(set) var terms: MediaTerms
    /// The source we send as.
    package let ssrc: SSRC

    private var identifiers = HeaderExtensionIdentifiers()
    private var writer: RTPPacketWriter
    private var sequence: SequenceNumber
    private var sent = MediaStreamStatistics()
    private var lastSent: (timestamp: UInt32, time: MonotonicTime)?
    private var history: RetransmissionBuffer
    private var incoming: [SSRC: Incoming] = [:]
    private var roundTripTime: Duration?
    /// Packets of sources beyond ``sourceLimit``.
    package private(set) var excessSources = 0

    /// Sources accepted in one section: a peer changes its SSRC a few times, not a thousand.
    private static let sourceLimit = 16

    package init(mid: MediaID, terms: MediaTerms, ssrc: SSRC, firstSequence: UInt16) {
        self.mid = mid
        self.ssrc = ssrc
        self.terms = terms
        kind = terms.kind
        identifiers = Self.identifiers(terms.extensions)
        writer = RTPPacketWriter(ssrc: ssrc, identifiers: identifiers, mid: mid.rawValue)
        sequence = SequenceNumber(firstSequence)
        // A second of video at 2 Mbit/s, two seconds of audio.
        history = RetransmissionBuffer(capacity: terms.kind == .video ? 256 : 128)
    }

    private static func identifiers(_ mappings: [ExtensionMapping]) -> HeaderExtensionIdentifiers {
        let mid = mappings.first { $0.uri == "urn:ietf:params:rtp-hdrext:sdes:mid" }
        return HeaderExtensionIdentifiers(mid: mid.flatMap { UInt8(exactly: $0.id) })
    }

    /// The MID in a packet's header extension, by this section's identifiers.
    func statedMID(_ header: RTPHeader, in bytes: RawSpan) -> String? { header.mid(identifiers, in: bytes) }

    func format(of payloadType: PayloadType) -> PayloadFormat? {
        terms.codecs.first { $0.payloadType == payloadType }?.format
    }

    func payloadType(of format: PayloadFormat) -> PayloadType? {
        terms.codecs.first { $0.format == format }?.payloadType
    }

    func owns(_ source: SSRC) -> Bool { incoming[source] != nil }

    private var usesNACK: Bool { terms.codecs.contains { $0.feedback.contains(.nack) } }

    // MARK: - Receiving

    /// Counts a packet; `nil` for one to drop.
    mutating func receive(_ header: RTPHeader, payloadSize: Int, at arrival: MonotonicTime) -> Int64? {
        if incoming[header.ssrc] == nil {
            guard incoming.count < Self.sourceLimit else {
                excessSources += 1
                return nil
            }
            let clockRate = format(of: header.payloadType)?.clockRate ?? 90_000
            incoming[header.ssrc] = Incoming(
                statistics: ReceptionStatistics(ssrc: header.ssrc, clockRate: clockRate)
            )
        }
        guard
            let (sequence, verdict) = incoming[header.ssrc]?.statistics.handle(
                header.sequenceNumber,
                timestamp: header.timestamp,
                payloadSize: payloadSize,
                at: arrival
            )
        else { return nil }
        if usesNACK { incoming[header.ssrc]?.nack.handle(sequence, at: arrival) }
        return verdict == .duplicate ? nil : sequence
    }

    mutating func handle(_ report: SenderInformation, from source: SSRC, at arrival: MonotonicTime) {
        incoming[source]?.statistics.handle(report, at: arrival)
    }

    /// A report block on our own stream.
    mutating func handle(_ block: ReportBlock, receivedAt now: NTPTime) {
        guard block.ssrc == ssrc, let time = RTP.roundTripTime(block, receivedAt: now) else { return }
        roundTripTime = time
        for source in incoming.keys { incoming[source]?.nack.roundTripTime = time }
    }

    // MARK: - Sending

    /// Writes the header of the next packet; the caller appends the payload and sends.
    mutating func begin(
        _ packet: PacketBuffer,
        payloadType: PayloadType,
        timestamp: UInt32,
        marker: Bool,
        payloadSize: Int,
        at now: MonotonicTime
    ) {
        writer.appendHeader(
            marker: marker,
            payloadType: payloadType,
            sequenceNumber: sequence,
            timestamp: timestamp,
            to: packet
        )
        lastSent = (timestamp, now)
        sent.packetsSent += 1
        sent.octetsSent += Int64(payloadSize)
    }

    /// The packet of ``begin(_:payloadType:timestamp:marker:payloadSize:at:)`` has been protected.
    mutating func remember(_ packet: PacketBuffer, at now: MonotonicTime) {
        if usesNACK { history.store(packet, sequence: sequence, at: now) }
    }

    mutating func advance() { sequence = sequence.advanced(by: 1) }

    /// Fills `packet` with one sent before; false when it is gone or was just sent.
    mutating func retrieve(_ number: SequenceNumber, at now: MonotonicTime, into packet: PacketBuffer) -> Bool {
        history.retrieve(number, roundTripTime: roundTripTime ?? .zero, at: now, into: packet)
    }

    // MARK: - Reports

    var nextNACK: MonotonicTime? { incoming.values.compactMap(\.nack.nextTimeout).min() }

    /// Appends the requests that are due; false when there are none.
    mutating func appendDueNACKs(to packet: PacketBuffer, at now: MonotonicTime) -> Bool {
        var appended = false
        for source in incoming.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let missing = incoming[source]?.nack.takeDue(at: now), !missing.isEmpty else { continue }
            RTCPWriter.appendNACK(Array(missing.prefix(64)), from: ssrc, media: source, to: packet)
            appended = true
        }
        return appended
    }

    /// Our sender report or receiver report with the CNAME (RFC 3550 §6.1).
    mutating func appendReport(cname: String, wallClock: NTPTime, to packet: PacketBuffer, at now: MonotonicTime) {
        var blocks: [ReportBlock] = []
        for source in incoming.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let block = incoming[source]?.statistics.makeReportBlock(at: now) { blocks.append(block) }
        }
        let clockRate = terms.codecs.first?.format.clockRate ?? 90_000
        let sender = lastSent.map { last in
            let ticks = (now - last.time).nanoseconds * Int64(clockRate) / 1_000_000_000
            return SenderInformation(
                ntpTime: wallClock.bits,
                rtpTimestamp: last.timestamp &+ UInt32(truncatingIfNeeded: ticks),
                packetCount: UInt32(truncatingIfNeeded: sent.packetsSent),
                octetCount: UInt32(truncatingIfNeeded: sent.octetsSent)
            )
        }
        RTCPWriter.appendReport(from: ssrc, sender: sender, blocks: blocks, to: packet)
        RTCPWriter.appendCNAME(cname, of: ssrc, to: packet)
    }

    /// Asks the peer for a key frame of each of its sources here.
    func appendPLI(to packet: PacketBuffer) {
        for source in incoming.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            RTCPWriter.appendPLI(from: ssrc, media: source, to: packet)
        }
    }

    package var statistics: MediaStreamStatistics {
        var result = sent
        result.retransmitted = history.retransmissions
        result.roundTripTime = roundTripTime
        for stream in incoming.values.map(\.statistics) {
            result.packetsReceived += stream.received
            result.packetsExpected += stream.expected
            result.packetsLost += stream.lost
            result.duplicates += stream.duplicates
            result.jitter = max(result.jitter, stream.jitter)
        }
        return result
    }
}
