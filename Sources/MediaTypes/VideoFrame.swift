/// A decoded picture in I420: a full-size luma plane and two chroma planes of half the width and height, rounded up.
public struct VideoFrame: Sendable, Equatable {
    /// Width in luma samples.
    public var width: Int
    /// Height in luma samples.
    public var height: Int
    /// The planes Y, U, V one after the other, without padding: see ``planeSizes(width:height:)``.
    public var data: [UInt8]
    /// Presentation time on the stream's 90 kHz clock; grows without wrapping.
    public var timestamp: Int64

    /// Creates a frame; `data` must hold exactly the three planes.
    public init(width: Int, height: Int, data: [UInt8], timestamp: Int64) {
        let sizes = Self.planeSizes(width: width, height: height)
        precondition(data.count == sizes.luma + 2 * sizes.chroma, "three whole planes of I420")
        self.width = width
        self.height = height
        self.data = data
        self.timestamp = timestamp
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, luma: UInt8, chroma: UInt8 = 128, timestamp: Int64 = 0) {
        let sizes = Self.planeSizes(width: width, height: height)
        let data =
            [UInt8](repeating: luma, count: sizes.luma) + [UInt8](repeating: chroma, count: 2 * sizes.chroma)
        self.init(width: width, height: height, data: data, timestamp: timestamp)
    }

    /// Octets of the luma plane and of each chroma plane.
    public static func planeSizes(width: Int, height: Int) -> (luma: Int, chroma: Int) {
        (width * height, ((width + 1) / 2) * ((height + 1) / 2))
    }

    /// Width of a chroma row.
    public var chromaWidth: Int { (width + 1) / 2 }

    /// Rows of a chroma plane.
    public var chromaHeight: Int { (height + 1) / 2 }
}
