/// Why a media file could not be opened, read or written; always names the file.
package enum MediaFileError: Error, Equatable {
    /// There is no such file, or it may not be read; `reason` is the system's or the library's text.
    case cannotOpen(path: String, reason: String)
    /// The file holds neither sound nor pictures that this libavcodec decodes.
    case nothingToPlay(path: String)
    /// Reading or decoding failed on the way.
    case unreadable(path: String, reason: String)
    /// A picture in the file exceeds the size that will be decoded.
    case pictureTooLarge(path: String, width: Int, height: Int)
    /// A converter or decoder could not be set up with the parameters asked for.
    case unsupported(path: String, reason: String)
}

extension MediaFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .nothingToPlay(let path): "\(path) holds nothing that can be played"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .pictureTooLarge(let path, let width, let height): "\(path) holds a picture of \(width)x\(height)"
        case .unsupported(let path, let reason): "\(path): \(reason)"
        }
    }
}
