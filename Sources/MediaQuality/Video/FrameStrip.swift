package import MediaTypes

/// The machine-readable number along the top edge of a test picture.
///
/// 26 cells side by side over the whole width: a light one, a dark one, 16 bits of frame number and 8 bits of CRC-8,
/// most significant bits first. The reader takes its threshold from the first two cells and averages the middle of each
/// cell, so the strip survives scaling and coarse quantisation; the CRC tells a number from a guess.
package enum FrameStrip {
    /// Rows of the strip in a picture of `height` rows: 32 of 480.
    package static func rows(height: Int) -> Int { max(2, height / 15) }

    /// Draws `number` over the top of the picture.
    package static func draw(_ number: UInt16, on frame: inout VideoFrame) {
        let cells = Self.cells(of: number)
        let width = frame.width
        for y in 0..<min(rows(height: frame.height), frame.height) {
            for x in 0..<width {
                frame.data[y * width + x] = cells[x * cells.count / width] ? light : dark
            }
        }
    }

    /// The number the picture carries, or `nil` when it shows none, or one whose CRC is wrong.
    package static func read(_ frame: VideoFrame) -> UInt16? {
        let levels = cellLevels(frame)
        guard levels.count == cellCount, levels[0] - levels[1] >= minimumContrast else { return nil }
        let threshold = (levels[0] + levels[1]) / 2
        var bits: UInt32 = 0
        for level in levels[2...] { bits = bits << 1 | (level > threshold ? 1 : 0) }
        let number = UInt16(truncatingIfNeeded: bits >> 8)
        return UInt8(truncatingIfNeeded: bits) == checksum(number) ? number : nil
    }

    /// Mean luma of the middle half of each cell.
    private static func cellLevels(_ frame: VideoFrame) -> [Int] {
        let height = rows(height: frame.height)
        let top = height / 4
        let bottom = max(top + 1, height * 3 / 4)
        guard frame.width >= 2 * cellCount, bottom <= frame.height else { return [] }
        return (0..<cellCount).map { cell in
            let left = frame.width * (4 * cell + 1) / (4 * cellCount)
            let right = max(left + 1, frame.width * (4 * cell + 3) / (4 * cellCount))
            var sum = 0
            for y in top..<bottom {
                for x in left..<right { sum += Int(frame.data[y * frame.width + x]) }
            }
            return sum / ((bottom - top) * (right - left))
        }
    }

    private static func cells(of number: UInt16) -> [Bool] {
        let bits = UInt32(number) << 8 | UInt32(checksum(number))
        return [true, false] + (0..<24).map { bits >> (23 - $0) & 1 == 1 }
    }

    /// CRC-8, polynomial x⁸ + x² + x + 1, over the two octets of the number.
    private static func checksum(_ number: UInt16) -> UInt8 {
        var crc: UInt8 = 0
        for octet in [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)] {
            crc ^= octet
            for _ in 0..<8 { crc = crc & 0x80 != 0 ? crc << 1 ^ 0x07 : crc << 1 }
        }
        return crc
    }

    private static let cellCount = 26
    private static let light: UInt8 = 224
    private static let dark: UInt8 = 24
    /// Levels between the light and the dark cell below which a picture shows no strip.
    private static let minimumContrast = 48
}
