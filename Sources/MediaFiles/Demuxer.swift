internal import CFFmpeg
internal import Glibc

/// A libavformat demuxer on one local file.
@safe final class Demuxer {
    enum Kind {
        case audio
        case video
    }

    private let path: String
    /// Safe because `readHeader` sets it, and `rewind` and `close` free it once and clear it.
    private var context: UnsafeMutablePointer<AVFormatContext>?
    /// The file, which libavformat is handed open and does not close.
    private var io: UnsafeMutablePointer<AVIOContext>?
    private let packet: PacketHandle
    private var selection: [Int] = []

    init(path: String) throws(MediaFileError) {
        guard MediaLibraries.isSilenced, let packet = PacketHandle() else {
            throw .cannotOpen(path: path, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        self.path = path
        self.packet = packet
        unsafe context = nil
        unsafe io = nil
        try open()
    }

    deinit { close() }

    /// The time of the file's first frame in microseconds: the zero of all its streams.
    var zero: Int64 {
        guard let context = unsafe context else { return 0 }
        let start = unsafe context.pointee.start_time
        // What lies before zero is a codec's priming, which is not played.
        return start == offhook_av_no_timestamp ? 0 : max(0, start)
    }

    var duration: Duration? {
        guard let context = unsafe context else { return nil }
        let duration = unsafe context.pointee.duration
        guard duration != offhook_av_no_timestamp, duration > 0 else { return nil }
        return .microseconds(duration)
    }

    /// A decoder for the stream libavformat finds best; `nil` when there is none that this libavcodec decodes.
    ///
    /// Cover pictures do not count.
    func makeDecoder(
        _ kind: Kind,
        _ configuration: MediaReader.Configuration
    ) throws(MediaFileError) -> TrackDecoder? {
        let type =
            switch kind {
            case .audio: AVMEDIA_TYPE_AUDIO
            case .video: AVMEDIA_TYPE_VIDEO
            }
        guard let context = unsafe context else { return nil }
        var codec: UnsafePointer<AVCodec>?
        let index = unsafe av_find_best_stream(context, type, -1, -1, &codec, 0)
        guard index >= 0, let codec = unsafe codec, let stream = unsafe context.pointee.streams[Int(index)],
            unsafe stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
        else { return nil }
        return try unsafe TrackDecoder(stream, codec, path: path, configuration)
    }

    /// Has the packets of all other streams dropped unread.
    func selectStreams(_ indices: [Int]) {
        selection = indices
        guard let context = unsafe context else { return }
        for index in 0..<(unsafe Int(context.pointee.nb_streams)) where !indices.contains(index) {
            unsafe context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
        }
    }

    /// The next packet of a selected stream, valid until the next call; `nil` at the end of the file.
    func nextPacket() throws(MediaFileError) -> PacketHandle? {
        guard let context = unsafe context else { return nil }
        while true {
            unsafe av_packet_unref(packet.pointer)
            let status = unsafe av_read_frame(context, packet.pointer)
            if status == offhook_averror_eof { return nil }
            // What a recorder was killed over, or a copy that stopped half-way, ends here like a file that is complete.
            if status == offhook_averror_invalid_data, unsafe avio_feof(io) != 0 { return nil }
            guard status >= 0 else { throw .unreadable(path: path, reason: MediaLibraries.message(status)) }
            if selection.contains(unsafe Int(packet.pointer.pointee.stream_index)) { return packet }
        }
    }

    /// Goes back to the first packet; streams must be selected, and decoders made, again.
    ///
    /// Reads the header again instead of seeking: a seek may skip what comes before the first key frame of the pictures,
    /// and not every format can.
    func rewind() throws(MediaFileError) {
        unsafe avformat_close_input(&context)
        guard let io = unsafe io, unsafe avio_seek(io, 0, SEEK_SET) == 0 else {
            throw .unreadable(path: path, reason: "cannot go back to the start")
        }
        unsafe io.pointee.error = 0
        try readHeader()
    }

    private func open() throws(MediaFileError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw .cannotOpen(path: path, reason: MediaLibraries.message(-errno))
        }
        // A pipe would block, and a directory read nothing.
        guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotOpen(path: path, reason: "not a regular file") }
        let opened = unsafe avio_open(&io, "file:" + path, AVIO_FLAG_READ)
        guard opened >= 0 else { throw .cannotOpen(path: path, reason: MediaLibraries.message(opened)) }
        try readHeader()
    }

    private func readHeader() throws(MediaFileError) {
        guard let made = unsafe avformat_alloc_context() else {
            throw .cannotOpen(path: path, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        unsafe made.pointee.pb = io
        unsafe made.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        unsafe context = made
        // The file is open already; with no protocol allowed, a playlist in it reaches nothing else. On failure
        // libavformat frees the context and clears it.
        let (result, _) = unsafe MediaLibraries.withOptions([("protocol_whitelist", "none")]) { options in
            unsafe avformat_open_input(&context, path, nil, options)
        }
        guard result >= 0 else { throw .cannotOpen(path: path, reason: MediaLibraries.message(result)) }
        let found = unsafe avformat_find_stream_info(context, nil)
        guard found >= 0 else { throw .cannotOpen(path: path, reason: MediaLibraries.message(found)) }
    }

    private func close() {
        unsafe avformat_close_input(&context)
        unsafe avio_closep(&io)
    }
}
