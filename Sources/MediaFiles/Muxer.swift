internal import CFFmpeg

/// A libavformat muxer that writes through a ``RecordingOutput``.
///
/// Puts the packets of all tracks in order of time: a packet waits until every other track has a later one, or until it
/// is 200 ms older than the newest.
@safe final class Muxer {
    private struct Waiting {
        var time: Int64
        var track: Int
        var packet: PacketHandle
    }

    let output: RecordingOutput
    /// Safe because it is allocated in `init`, freed once in `deinit`, before `output`, whose context it borrows.
    private let context: UnsafeMutablePointer<AVFormatContext>
    private var waiting: [Waiting] = []
    private var spare: [PacketHandle] = []
    private var trackCount = 0

    /// Microseconds the tracks may be apart before the late one is no longer waited for.
    private static let maximumInterleaving: Int64 = 200_000

    init(container: String, output: RecordingOutput) throws(RecordingError) {
        var made: UnsafeMutablePointer<AVFormatContext>?
        let status = unsafe avformat_alloc_output_context2(&made, nil, container, nil)
        guard status >= 0, let made = unsafe made else {
            throw .container(path: output.path, reason: MediaLibraries.message(status))
        }
        unsafe made.pointee.pb = output.avioContext
        unsafe made.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_CUSTOM_IO
        // Times are written as they come: a shift of all tracks would only hide a mistake.
        unsafe made.pointee.avoid_negative_ts = 0
        unsafe context = made
        self.output = output
    }

    deinit { unsafe avformat_free_context(context) }

    /// Whether encoders for this container must put their set-up data into the header.
    var wantsGlobalHeader: Bool { unsafe context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 }

    /// Adds a track; returns its number.
    func addTrack(_ codec: CodecHandle) throws(RecordingError) -> Int {
        guard let stream = unsafe avformat_new_stream(context, nil) else { throw error(offhook_averror_no_memory) }
        let status = unsafe avcodec_parameters_from_context(stream.pointee.codecpar, codec.pointer)
        guard status >= 0 else { throw error(status) }
        unsafe stream.pointee.time_base = codec.pointer.pointee.time_base
        unsafe stream.pointee.avg_frame_rate = codec.pointer.pointee.framerate
        defer { trackCount += 1 }
        return trackCount
    }

    func begin(options: [(name: String, value: String)]) throws(RecordingError) {
        let (status, unknown) = unsafe MediaLibraries.withOptions(options) { unsafe avformat_write_header(context, $0) }
        guard status >= 0 else { throw error(status) }
        guard unknown.isEmpty else { throw .container(path: output.path, reason: "no option \(unknown)") }
        output.flush()
        if let failure = output.failure { throw failure }
    }

    /// Takes over the contents of `packet`, whose times are in `timeBase`.
    func write(
        _ packet: UnsafeMutablePointer<AVPacket>,
        track: Int,
        timeBase: AVRational
    ) throws(RecordingError) {
        guard let held = spare.popLast() ?? PacketHandle() else { throw error(offhook_averror_no_memory) }
        unsafe packet.pointee.stream_index = Int32(track)
        let time = unsafe av_rescale_q(packet.pointee.pts, timeBase, AVRational(num: 1, den: 1_000_000))
        if let stream = unsafe context.pointee.streams[track] {
            unsafe av_packet_rescale_ts(packet, timeBase, stream.pointee.time_base)
        }
        unsafe av_packet_move_ref(held.pointer, packet)
        let index = waiting.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
        waiting.insert(Waiting(time: time, track: track, packet: held), at: index)
        try release()
    }

    /// Writes everything that waits, and ends the container's open cluster.
    func flush() throws(RecordingError) {
        while !waiting.isEmpty { try writeFirst() }
        try check(unsafe av_write_frame(context, nil))
        output.flush()
        if let failure = output.failure { throw failure }
    }

    /// Writes what waits, and the container's end.
    func end() throws(RecordingError) {
        while !waiting.isEmpty { try writeFirst() }
        try check(unsafe av_write_trailer(context))
    }

    private func release() throws(RecordingError) {
        while let first = waiting.first, let last = waiting.last {
            let isOld = last.time - first.time > Self.maximumInterleaving
            guard isOld || areAllTracksWaiting else { return }
            try writeFirst()
        }
    }

    private var areAllTracksWaiting: Bool {
        (0..<trackCount).allSatisfy { track in waiting.contains { $0.track == track } }
    }

    private func writeFirst() throws(RecordingError) {
        let first = waiting.removeFirst()
        let status = unsafe av_write_frame(context, first.packet.pointer)
        unsafe av_packet_unref(first.packet.pointer)
        spare.append(first.packet)
        try check(status)
    }

    private func check(_ status: Int32) throws(RecordingError) {
        if let failure = output.failure { throw failure }
        guard status >= 0 else { throw error(status) }
    }

    private func error(_ status: Int32) -> RecordingError {
        output.failure ?? .container(path: output.path, reason: MediaLibraries.message(status))
    }
}
