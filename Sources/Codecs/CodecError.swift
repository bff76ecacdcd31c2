package import MediaTypes

/// Why a codec refused an input or a configuration.
package enum CodecError: Error, Equatable {
    /// The octets are not what the codec's bitstream allows; `code` is the library's error.
    case malformed(CodecKind, code: Int32)
    /// A picture that depends on one this decoder does not have: ask the sender for a key frame.
    case keyFrameRequired
    /// A picture beyond the size this decoder was given as its limit.
    case pictureTooLarge(width: Int, height: Int)
    /// A number of samples the codec has no frame for.
    case invalidSampleCount(Int)
    /// A picture the encoder cannot take: no area, or wider or higher than it may be.
    case invalidPictureSize(width: Int, height: Int)
    /// The library refused a configuration, by the name of the setting.
    case invalidConfiguration(CodecKind, setting: String, code: Int32)
    /// The library failed on input of ours; `code` is its error.
    case library(CodecKind, code: Int32)
}

extension CodecError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let codec, let code): "malformed \(codec.encodingName) data (\(code))"
        case .keyFrameRequired: "no key frame to start from"
        case .pictureTooLarge(let width, let height): "picture of \(width)x\(height) exceeds the decoder's limit"
        case .invalidSampleCount(let count): "no frame has \(count) samples"
        case .invalidPictureSize(let width, let height): "cannot encode a picture of \(width)x\(height)"
        case .invalidConfiguration(let codec, let setting, let code):
            "\(codec.encodingName) refused the setting \(setting) (\(code))"
        case .library(let codec, let code): "\(codec.encodingName) library error \(code)"
        }
    }
}
