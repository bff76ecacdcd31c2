/// The clusters and blocks of a finished Matroska file, in file order, by a walk over its elements (RFC 8794, RFC 9559).
struct MatroskaBlocks {
    struct Block {
        var track: Int
        /// Milliseconds.
        var time: Int
        var isKeyFrame: Bool
    }

    private(set) var blocks: [Block] = []
    /// Milliseconds at which each cluster begins.
    private(set) var clusters: [Int] = []

    private let bytes: [UInt8]

    private enum Element {
        static let segment = 0x1853_8067
        static let cluster = 0x1F43_B675
        static let timestamp = 0xE7
        static let blockGroup = 0xA0
        static let block = 0xA1
        static let simpleBlock = 0xA3
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        walk(bytes.indices)
    }

    private mutating func walk(_ range: Range<Int>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard let (element, afterElement) = number(at: offset, keepingMarker: true),
                let (size, start) = number(at: afterElement, keepingMarker: false)
            else { return }
            let content = start..<min(start + size, range.upperBound)
            switch element {
            case Element.segment, Element.cluster, Element.blockGroup: walk(content)
            case Element.timestamp: clusters.append(bytes[content].reduce(0) { $0 << 8 | Int($1) })
            case Element.block, Element.simpleBlock: addBlock(content, isSimple: element == Element.simpleBlock)
            default: break
            }
            offset = content.upperBound
        }
    }

    private mutating func addBlock(_ content: Range<Int>, isSimple: Bool) {
        guard let (track, start) = number(at: content.lowerBound, keepingMarker: false), start + 2 < content.upperBound
        else { return }
        let relative = Int16(truncatingIfNeeded: Int(bytes[start]) << 8 | Int(bytes[start + 1]))
        let isKeyFrame = isSimple && bytes[start + 2] & 0x80 != 0
        blocks.append(Block(track: track, time: (clusters.last ?? 0) + Int(relative), isKeyFrame: isKeyFrame))
    }

    /// A number whose leading zeros tell its length; an element's name keeps the marker bit.
    private func number(at offset: Int, keepingMarker: Bool) -> (value: Int, end: Int)? {
        guard offset < bytes.count else { return nil }
        let length = bytes[offset].leadingZeroBitCount + 1
        guard length <= 8, offset + length <= bytes.count else { return nil }
        let value = bytes[offset..<offset + length].reduce(0) { $0 << 8 | Int($1) }
        return (keepingMarker ? value : value & ~(1 << (7 * length)), offset + length)
    }
}
