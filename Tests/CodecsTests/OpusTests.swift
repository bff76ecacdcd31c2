import MediaTypes
import SansIO
import Testing

@testable import Codecs

@Suite("Opus, RFC 6716")
struct OpusTests {
    private static let frame = 960

    private func packets(of samples: [Int16], by encoder: OpusEncoder, channels: Int = 1) throws -> [[UInt8]] {
        var packet: [UInt8] = []
        return try stride(from: 0, to: samples.count, by: Self.frame * channels).map { start in
            try encoder.encode(samples.span.extracting(start..<start + Self.frame * channels), into: &packet)
            return packet
        }
    }

    @Test("gives back speech, later by the look-ahead", arguments: [1, 2])
    func roundTrip(channels: Int) throws {
        var configuration = OpusEncoder.Configuration()
        configuration.channels = channels
        // The voice mode filters and shifts phases, so that only the ear finds it equal.
        configuration.application = .audio
        configuration.bitrate = 96_000
        let encoder = try OpusEncoder(configuration)
        let decoder = try OpusDecoder(channels: channels)
        let input = Signals.speech(sampleCount: 50 * Self.frame, channels: channels)

        var output: [Int16] = []
        var samples: [Int16] = []
        for packet in try packets(of: input, by: encoder, channels: channels) {
            #expect(OpusDecoder.sampleCount(of: unsafe packet.span.bytes) == Self.frame)
            try decoder.decode(packet, into: &samples)
            output += samples
        }

        #expect(output.count == input.count)
        #expect(encoder.lookahead > 0)
        #expect(correlation(output.dropFirst(encoder.lookahead * channels), input) > 0.95)
    }

    @Test("takes frames from 2.5 to 120 ms, and no other length")
    func frameLengths() throws {
        let encoder = try OpusEncoder()
        let decoder = try OpusDecoder(channels: 1)
        var packet: [UInt8] = []
        var samples: [Int16] = []

        for length in [120, 240, 480, 960, 1920, 2880, 3840, 4800, 5760] {
            try encoder.encode(Signals.speech(sampleCount: length).span, into: &packet)
            try decoder.decode(packet, into: &samples)
            #expect(samples.count == length)
        }
        for length in [0, 1, 100, 961, 48_000] {
            let input = [Int16](repeating: 0, count: length)
            #expect(throws: CodecError.invalidSampleCount(length)) { try encoder.encode(input.span, into: &packet) }
        }
    }

    @Test("a copy inside the next packet recovers a lost one better than concealment")
    func errorCorrection() throws {
        var configuration = OpusEncoder.Configuration()
        configuration.bitrate = 24_000
        configuration.expectedLossPercent = 20
        let encoder = try OpusEncoder(configuration)
        let packets = try packets(of: Signals.speech(sampleCount: 100 * Self.frame), by: encoder)
        let complete = try OpusDecoder(channels: 1)
        let corrected = try OpusDecoder(channels: 1)
        let concealed = try OpusDecoder(channels: 1)

        var (original, fromCopy, madeUp): ([Int16], [Int16], [Int16]) = ([], [], [])
        var samples: [Int16] = []
        for index in packets.indices {
            try complete.decode(packets[index], into: &samples)
            let isLost = index % 10 == 5
            if isLost { original += samples }
            guard isLost else {
                try corrected.decode(packets[index], into: &samples)
                try concealed.decode(packets[index], into: &samples)
                continue
            }
            let next = packets[index + 1]
            try corrected.decodeErrorCorrection(in: next, sampleCount: Self.frame, into: &samples)
            fromCopy += samples
            try concealed.conceal(sampleCount: Self.frame, into: &samples)
            madeUp += samples
        }

        #expect(fromCopy.count == 10 * Self.frame && madeUp.count == 10 * Self.frame)
        #expect(correlation(fromCopy, original) > 0.8)
        #expect(correlation(fromCopy, original) > correlation(madeUp, original))
    }

    @Test("concealment fills any gap that is a multiple of 2.5 ms, and fades out")
    func concealment() throws {
        let encoder = try OpusEncoder()
        let decoder = try OpusDecoder(channels: 1)
        var samples: [Int16] = []
        for packet in try packets(of: Signals.speech(sampleCount: 10 * Self.frame), by: encoder) {
            try decoder.decode(packet, into: &samples)
        }

        try decoder.conceal(sampleCount: 120, into: &samples)
        #expect(samples.count == 120)
        for _ in 0..<50 { try decoder.conceal(sampleCount: 5760, into: &samples) }
        #expect(samples.allSatisfy { abs(Int($0)) < 200 })
        for count in [0, -120, 100, 5880] {
            #expect(throws: CodecError.invalidSampleCount(count)) {
                try decoder.conceal(sampleCount: count, into: &samples)
            }
        }
        #expect(decoder.rejectedPackets == 0)
    }

    @Test("survives 5,000 mutated packets, and decodes the next good one")
    func hostilePackets() throws {
        var random = SplitMix64(seed: 6716)
        let encoder = try OpusEncoder()
        let decoder = try OpusDecoder(channels: 2)
        let packets = try packets(of: Signals.speech(sampleCount: 20 * Self.frame), by: encoder)
        var samples: [Int16] = []
        var rejected = 0

        for round in 0..<5_000 {
            var packet = packets[round % packets.count]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                packet[Int.random(in: 0..<packet.count, using: &random)] = UInt8.random(
                    in: .min ... .max,
                    using: &random
                )
            }
            packet.removeLast(Int.random(in: 0...packet.count, using: &random) * (round % 2))
            do throws(CodecError) {
                if round % 3 == 0 {
                    try decoder.decodeErrorCorrection(in: packet, sampleCount: 960, into: &samples)
                } else {
                    try decoder.decode(packet, into: &samples)
                }
                #expect(samples.count <= 2 * OpusDecoder.maximumSampleCount)
            } catch {
                rejected += 1
            }
        }

        #expect(rejected > 0 && decoder.rejectedPackets == rejected)
        try decoder.decode(packets[0], into: &samples)
        #expect(samples.count == 2 * Self.frame)
    }

    @Test("silence shrinks to almost nothing when transmission is discontinuous")
    func discontinuousTransmission() throws {
        var configuration = OpusEncoder.Configuration()
        configuration.usesDiscontinuousTransmission = true
        let encoder = try OpusEncoder(configuration)

        let sizes = try packets(of: [Int16](repeating: 0, count: 100 * Self.frame), by: encoder).map(\.count)

        #expect(sizes.suffix(50).filter { $0 <= 2 }.count > 40)
    }

    @Test("refuses what libopus does not take, by name")
    func badConfiguration() {
        var configuration = OpusEncoder.Configuration()
        configuration.channels = 3
        #expect(throws: CodecError.self) { try OpusEncoder(configuration) }
        configuration.channels = 1
        configuration.complexity = 11
        #expect(throws: CodecError.invalidConfiguration(.opus, setting: "complexity", code: -1)) {
            try OpusEncoder(configuration)
        }
        #expect(throws: CodecError.self) { try OpusDecoder(channels: 0) }
    }
}
