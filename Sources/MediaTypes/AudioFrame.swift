/// A stretch of decoded sound: 16-bit signed samples, interleaved when there are several channels.
public struct AudioFrame: Sendable, Equatable {
    /// Samples of all channels, interleaved left, right, left, right.
    public var samples: [Int16]
    /// Samples per second and channel.
    public var sampleRate: Int
    /// 1 or 2.
    public var channels: Int
    /// Position of the first sample on the stream's own clock, in units of `sampleRate`; grows without wrapping.
    public var timestamp: Int64

    /// Creates a frame; `samples.count` must be a multiple of `channels`.
    public init(samples: [Int16], sampleRate: Int, channels: Int, timestamp: Int64) {
        precondition(channels > 0 && samples.count.isMultiple(of: channels), "whole sample frames only")
        self.samples = samples
        self.sampleRate = sampleRate
        self.channels = channels
        self.timestamp = timestamp
    }

    /// Samples per channel.
    public var sampleCount: Int { samples.count / channels }

    /// How long the frame lasts.
    public var duration: Duration { .nanoseconds(Int64(sampleCount) * 1_000_000_000 / Int64(sampleRate)) }
}
