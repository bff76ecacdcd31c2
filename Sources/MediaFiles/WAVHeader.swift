/// Keeps the two sizes in a WAV header right while the file grows.
///
/// libavformat writes them only at the end; until then a reader would find none.
struct WAVHeader {
    /// Offset of the first sample; the data chunk's size is in the four octets before it.
    let dataOffset: Int64
    private var lastSize: Int64 = 0

    /// Octets between two updates: half a second of stereo at 48 kHz.
    private static let interval: Int64 = 96_000

    init(dataOffset: Int64) { self.dataOffset = dataOffset }

    mutating func updateIfDue(_ output: RecordingOutput) {
        guard output.size - lastSize >= Self.interval else { return }
        update(output)
    }

    mutating func update(_ output: RecordingOutput) {
        lastSize = output.size
        // Beyond 4 GiB the sizes stand in the ds64 chunk, which the muxer writes; until then all ones mean "to the end".
        output.patch(Self.littleEndian(output.size - 8), at: 4)
        output.patch(Self.littleEndian(output.size - dataOffset), at: dataOffset - 4)
    }

    private static func littleEndian(_ size: Int64) -> [UInt8] {
        let value = UInt32(clamping: size)
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
