/// One datagram in a block of fixed size, taken from a ``PacketPool``.
///
/// The octets lie at the start of the block, so that what grows a packet (the SRTP trailer) needs no copy. A reference
/// type because it moves through queues; one owner at a time, on one loop, hence not `Sendable`.
@safe package final class PacketBuffer {
    /// Octets of a block: an Ethernet MTU and room for an SRTP trailer.
    package static let capacity = 2048

    /// Safe because it is allocated in `init` with `capacity` octets, freed once in `deinit`, and never replaced.
    private let base: UnsafeMutableRawPointer

    /// Length of the datagram.
    package var count = 0 {
        didSet { precondition(count >= 0 && count <= Self.capacity, "a packet buffer holds 0 to 2048 octets") }
    }

    package init() {
        unsafe base = .allocate(byteCount: Self.capacity, alignment: 16)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity)
    }

    /// Creates a buffer that holds a copy of `bytes`; what exceeds ``capacity`` must not be passed.
    package convenience init(_ bytes: some Sequence<UInt8>) {
        self.init()
        for byte in bytes { append(byte) }
    }

    deinit { unsafe base.deallocate() }

    /// The datagram.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The whole block, for code that writes in place and then sets ``count``.
    package func withUnsafeMutableBlock<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeMutableRawBufferPointer(start: base, count: Self.capacity))
    }

    package func append(_ byte: UInt8) {
        count += 1
        unsafe base.storeBytes(of: byte, toByteOffset: count - 1, as: UInt8.self)
    }

    package func append(_ value: UInt16) {
        count += 2
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count - 2, as: UInt16.self)
    }

    package func append(_ value: UInt32) {
        count += 4
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count - 4, as: UInt32.self)
    }

    package func append(_ span: RawSpan) {
        let start = count
        count += span.byteCount
        unsafe span.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            unsafe base.advanced(by: start).copyMemory(from: address, byteCount: source.count)
        }
    }

    /// Replaces the octet at an offset below ``count``.
    package func set(_ byte: UInt8, at offset: Int) {
        precondition(offset >= 0 && offset < count, "offset outside the packet")
        unsafe base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }

    /// Replaces 16 bits, big-endian, at an offset.
    package func set(_ value: UInt16, at offset: Int) {
        precondition(offset >= 0 && offset + 2 <= count, "offset outside the packet")
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Replaces 32 bits, big-endian, at an offset.
    package func set(_ value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count, "offset outside the packet")
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}

/// The packet buffers of one loop, recycled so that a running call allocates none.
///
/// Confined to the loop that owns it.
package final class PacketPool {
    private var free: [PacketBuffer] = []
    private let limit: Int
    /// Buffers made because none was free: constant once the load is steady.
    package private(set) var allocations = 0

    /// - Parameter limit: Free buffers kept; those given back beyond it are released.
    package init(limit: Int = 1024) {
        self.limit = limit
        free.reserveCapacity(limit)
    }

    /// An empty buffer.
    package func take() -> PacketBuffer {
        if let buffer = free.popLast() { return buffer }
        allocations += 1
        return PacketBuffer()
    }

    /// Takes a buffer back.
    ///
    /// The caller must hold the only use of it.
    package func recycle(_ buffer: PacketBuffer) {
        guard free.count < limit else { return }
        buffer.count = 0
        free.append(buffer)
    }
}
