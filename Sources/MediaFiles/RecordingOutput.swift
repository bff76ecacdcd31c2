internal import CFFmpeg
internal import Glibc

/// The file every muxer writes through, so that flushing, limits and failures have one place.
///
/// Presents itself to libavformat as an `AVIOContext` with callbacks. The first failure is kept in ``failure``, and
/// nothing is written after it; the file keeps what it has. Mode 0600, never through a symbolic link. Data reaches the
/// kernel with each flush of the muxer, and the disk (`fsync`) only in ``close(synchronising:)``: a killed process loses
/// nothing that was flushed, a failing machine what the kernel still held. Not `Sendable`: one muxer, one owner.
@safe package final class RecordingOutput {
    private enum State {
        case open(descriptor: Int32)
        case closed
    }

    package let path: String
    /// The first thing that went wrong.
    package private(set) var failure: RecordingError?
    /// The size of the file: the end of what was written.
    package private(set) var size: Int64 = 0
    /// All octets written, those over earlier ones included.
    package private(set) var bytesWritten: Int64 = 0

    private var state: State
    private let sizeLimit: Int64
    private var position: Int64 = 0
    /// Safe because it is set once in `init`, and freed in `close`, after which nothing uses it.
    ///
    /// Its opaque pointer is this object, unretained: the context is private, its user is the muxer that holds this
    /// object, and `close` or `deinit` free it before the object goes.
    private var context: UnsafeMutablePointer<AVIOContext>?

    /// Octets libavformat gathers before it calls `write`.
    private static let bufferSize: Int32 = 32 * 1024

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - path: Must not exist, unless `replacing` is set.
    ///   - sizeLimit: Octets after which writing fails like on a full disk.
    package init(
        path: String,
        replacing: Bool = false,
        sizeLimit: Int64 = .max
    ) throws(RecordingError) {
        let exclusive = replacing ? O_TRUNC : O_EXCL
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | exclusive
        let descriptor = unsafe open(path, flags, mode_t(S_IRUSR | S_IWUSR))
        guard descriptor >= 0 else {
            let code = errno
            if code == EEXIST { throw .alreadyExists(path: path) }
            throw .cannotCreate(path: path, reason: MediaLibraries.message(-code))
        }
        self.path = path
        self.sizeLimit = sizeLimit
        state = .open(descriptor: descriptor)
        unsafe context = nil
        if replacing { restrictMode(of: descriptor) }
        try attachContext()
    }

    deinit {
        freeContext()
        if case .open(let descriptor) = state { _ = Glibc.close(descriptor) }
    }

    /// What the muxer is given as its `pb`; owned by this object.
    var avioContext: UnsafeMutablePointer<AVIOContext>? { unsafe context }

    /// Where the next octet from the muxer goes, those in its buffer included.
    var writePosition: Int64 {
        guard let context = unsafe context else { return size }
        return unsafe avio_seek(context, 0, SEEK_CUR)
    }

    /// Hands what the buffer holds to the kernel.
    package func flush() {
        guard let context = unsafe context else { return }
        unsafe avio_flush(context)
    }

    /// Overwrites octets already written, without moving the muxer's position; works after a failure too.
    ///
    /// For headers that must be right at any moment.
    package func patch(_ bytes: [UInt8], at offset: Int64) {
        guard case .open(let descriptor) = state, offset >= 0, offset + Int64(bytes.count) <= size else { return }
        let written = unsafe bytes.withUnsafeBytes { bytes in
            unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
        }
        if written > 0 { bytesWritten += Int64(written) }
        if written < 0 { record(errno) }
    }

    /// Flushes and closes the file, once; later calls do nothing.
    ///
    /// - Parameter synchronising: Whether to wait until the data is on the disk.
    /// - Throws: The first failure of the whole recording.
    package func close(synchronising: Bool = true) throws(RecordingError) {
        guard case .open(let descriptor) = state else { return }
        flush()
        freeContext()
        state = .closed
        // EINVAL: a device or pipe that has nothing to synchronise.
        if synchronising, failure == nil, fsync(descriptor) != 0, errno != EINVAL { record(errno) }
        // Linux closes the descriptor whatever `close` returns; a late write error of a network disk shows here.
        if Glibc.close(descriptor) != 0, errno != EINTR { record(errno) }
        if let failure { throw failure }
    }

    private func attachContext() throws(RecordingError) {
        guard MediaLibraries.isSilenced, let buffer = unsafe av_malloc(Int(Self.bufferSize)) else {
            throw .container(path: path, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        unsafe context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self),
            Self.bufferSize,
            1,
            Unmanaged.passUnretained(self).toOpaque(),
            nil,
            { opaque, bytes, count in
                guard let opaque = unsafe opaque, let bytes = unsafe bytes else { return offhook_averror_invalid_data }
                let output = unsafe Unmanaged<RecordingOutput>.fromOpaque(opaque).takeUnretainedValue()
                return unsafe output.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            },
            { opaque, offset, whence in
                guard let opaque = unsafe opaque else { return -1 }
                return unsafe Unmanaged<RecordingOutput>.fromOpaque(opaque).takeUnretainedValue()
                    .seek(to: offset, from: whence)
            }
        )
        guard unsafe context != nil else {
            unsafe av_free(buffer)
            throw .container(path: path, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
    }

    private func freeContext() {
        guard let freed = unsafe context else { return }
        // libavformat may have replaced the buffer it was given.
        unsafe av_freep(&freed.pointee.buffer)
        unsafe avio_context_free(&context)
    }

    /// An existing file may have been readable by others.
    private func restrictMode(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        if fchmod(descriptor, mode_t(S_IRUSR | S_IWUSR)) != 0 { record(errno) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard case .open(let descriptor) = state else { return -EBADF }
        guard failure == nil else { return -EIO }
        var written = 0
        while written < bytes.count {
            let room = sizeLimit - position
            guard room > 0 else { return record(ENOSPC) }
            let count = Int(min(Int64(bytes.count - written), room))
            let base = unsafe bytes.baseAddress.map { unsafe $0 + written }
            let result = unsafe pwrite(descriptor, base, count, off_t(position))
            if result < 0 && errno == EINTR { continue }
            guard result > 0 else { return record(result < 0 ? errno : EIO) }
            written += result
            position += Int64(result)
            bytesWritten += Int64(result)
            size = max(size, position)
        }
        return Int32(clamping: bytes.count)
    }

    private func seek(to offset: Int64, from whence: Int32) -> Int64 {
        let target: Int64? =
            switch whence {
            case AVSEEK_SIZE: size
            case SEEK_SET: offset
            case SEEK_CUR: position + offset
            case SEEK_END: size + offset
            default: nil
            }
        guard let target, target >= 0 else { return Int64(-EINVAL) }
        if whence != AVSEEK_SIZE { position = target }
        return target
    }

    @discardableResult
    private func record(_ code: Int32) -> Int32 {
        if failure == nil {
            failure =
                switch code {
                case ENOSPC, EDQUOT, EFBIG: .diskFull(path: path)
                default: .inputOutput(path: path, code: code)
                }
        }
        return -code
    }
}
