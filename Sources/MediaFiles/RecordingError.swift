/// Why a recording could not begin, or ended early; what was written until then stays readable.
package enum RecordingError: Error, Equatable {
    /// The file, or the journal beside it, cannot be made: no such directory, no permission.
    case cannotCreate(path: String, reason: String)
    /// A recording of this name, finished or interrupted, is there and would be lost.
    case alreadyExists(path: String)
    /// No space, no quota left, or the size limit of the recording reached.
    case diskFull(path: String)
    /// Writing failed for another reason; `code` is the system's `errno`.
    case inputOutput(path: String, code: Int32)
    /// The encoder could not be set up, or refused a frame.
    case encoder(name: String, reason: String)
    /// The container could not be set up, or refused a packet.
    case container(path: String, reason: String)
    /// Everything is written, but the file could not be given its final name.
    case cannotRename(path: String, reason: String)
    /// A frame so far ahead of the recording that its timestamp cannot be right; the recording goes on.
    case implausibleTimestamp(Int64)
    /// A frame of a kind this recording has no track for, or of the wrong shape; the recording goes on.
    case unsuitableFrame(reason: String)
    /// ``MediaWriter/finish()`` was called before.
    case alreadyFinished
}

extension RecordingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotCreate(let path, let reason): "cannot create \(path): \(reason)"
        case .alreadyExists(let path): "\(path) exists already"
        case .diskFull(let path): "no space left for \(path)"
        case .inputOutput(let path, let code): "cannot write \(path): \(MediaLibraries.message(-code))"
        case .encoder(let name, let reason): "encoder \(name): \(reason)"
        case .container(let path, let reason): "cannot write \(path): \(reason)"
        case .cannotRename(let path, let reason): "cannot rename the finished \(path): \(reason)"
        case .implausibleTimestamp(let timestamp): "timestamp \(timestamp) is too far ahead"
        case .unsuitableFrame(let reason): reason
        case .alreadyFinished: "the recording is finished"
        }
    }

    /// Whether the recording can take further frames after this error.
    package var isRecoverable: Bool {
        switch self {
        case .implausibleTimestamp, .unsuitableFrame: true
        case .cannotCreate, .alreadyExists, .diskFull, .inputOutput, .encoder, .container, .cannotRename,
            .alreadyFinished:
            false
        }
    }
}
