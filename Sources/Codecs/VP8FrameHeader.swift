internal import SansIO

/// What the first octets of a VP8 frame say, without decoding it (RFC 6386 §9.1, §19.1).
///
/// ```
///   0..2   frame tag, little-endian: first partition size (19 bits), show_frame, version (3), not key frame
///   3..5   key frames only: start code 9D 01 2A
///   6..9   key frames only: width and height, 14 bits each, with 2 bits of scale above them, little-endian
/// ```
package struct VP8FrameHeader: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case key(width: Int, height: Int)
        case delta
    }

    package var kind: Kind
    /// False for a picture that is only a reference for others.
    package var isShown: Bool
    /// Octets of the first partition.
    package var firstPartitionSize: Int

    /// Reads the header; `nil` when the frame is too short, or is a key frame without the start code.
    package init?(parsing frame: RawSpan) {
        guard frame.byteCount >= 3 else { return nil }
        let tag = Int(frame.byte(at: 0)) | Int(frame.byte(at: 1)) << 8 | Int(frame.byte(at: 2)) << 16
        isShown = tag & 0x10 != 0
        firstPartitionSize = tag >> 5
        guard tag & 1 == 0 else {
            kind = .delta
            return
        }
        guard frame.byteCount >= 10,
            frame.byte(at: 3) == 0x9D, frame.byte(at: 4) == 0x01, frame.byte(at: 5) == 0x2A
        else { return nil }
        kind = .key(
            width: Int(frame.byte(at: 6)) | Int(frame.byte(at: 7) & 0x3F) << 8,
            height: Int(frame.byte(at: 8)) | Int(frame.byte(at: 9) & 0x3F) << 8
        )
    }
}
