internal import CLinux
internal import Glibc
internal import SansIO

/// The buffers that one `recvmmsg` fills, shared by the sockets of a loop.
@safe final class ReceiveBatch {
    static let capacity = Int(CLINUX_BATCH)

    /// Safe because it is allocated in `init` with `capacity` elements, freed once in `deinit`, and each element's `data`
    /// is the block of the buffer that `buffers` holds at the same index.
    private let datagrams: UnsafeMutablePointer<clinux_datagram>
    private var buffers: [PacketBuffer] = []
    private let pool: PacketPool
    private var arrivals = [MonotonicTime](repeating: .zero, count: capacity)
    /// Datagrams of the last receive.
    private(set) var count = 0

    init(pool: PacketPool) {
        self.pool = pool
        unsafe datagrams = .allocate(capacity: Self.capacity)
        unsafe datagrams.initialize(repeating: clinux_datagram(), count: Self.capacity)
        for index in 0..<Self.capacity {
            buffers.append(pool.take())
            attach(index)
        }
    }

    deinit { unsafe datagrams.deallocate() }

    /// - Parameter earliest: The arrival of the socket's previous datagram, before which none of these can have come.
    func receive(from descriptor: borrowing FileDescriptor, notBefore earliest: MonotonicTime) {
        replaceTakenBuffers()
        count = max(0, Int(unsafe clinux_receive(descriptor.number, datagrams, UInt32(Self.capacity))))
        let clock = ArrivalClock()
        var previous = earliest
        for index in 0..<count {
            let datagram = unsafe datagrams[index]
            unsafe buffers[index].count = Int(datagram.length)
            previous = unsafe clock.arrival(timestamp: datagram.timestamp, notBefore: previous)
            arrivals[index] = previous
        }
    }

    /// The datagram at an index; whoever keeps it owns it.
    func buffer(at index: Int) -> PacketBuffer { buffers[index] }

    func remote(at index: Int) -> SocketAddress { unsafe SocketAddress(datagrams[index].remote) }

    /// Whether the datagram exceeded the block.
    func isTruncated(at index: Int) -> Bool { unsafe datagrams[index].is_truncated != 0 }

    func arrival(at index: Int) -> MonotonicTime { arrivals[index] }

    /// The socket's running count of lost datagrams, when the kernel gave it.
    var kernelDrops: UInt32? {
        guard count > 0, unsafe datagrams[count - 1].has_drops != 0 else { return nil }
        return unsafe datagrams[count - 1].drops
    }

    /// Buffers that an endpoint kept, or that wait to be sent, are its own from now on; the others serve again.
    private func replaceTakenBuffers() {
        for index in 0..<count where !isKnownUniquelyReferenced(&buffers[index]) {
            buffers[index] = pool.take()
            attach(index)
        }
        count = 0
    }

    private func attach(_ index: Int) {
        // The block outlives the closure: it belongs to the buffer for life, and `buffers` holds the buffer as long as
        // the kernel may write there.
        unsafe buffers[index].withUnsafeMutableBlock { block in
            unsafe datagrams[index].data = block.baseAddress
            unsafe datagrams[index].capacity = UInt32(block.count)
        }
    }
}

/// The datagrams that one `sendmmsg` takes, shared by the sockets of a loop.
@safe final class SendBatch {
    static let capacity = Int(CLINUX_BATCH)

    enum Outcome: Equatable {
        case sent(Int)
        /// The socket's buffer or the device's queue has no room.
        case full
        /// The kernel took no segmented message; try again without, and for good when the device cannot.
        case cannotSegment(ever: Bool)
        /// The first datagram cannot be sent.
        case refused
    }

    /// Safe because it is allocated in `init` with `capacity` elements and freed once in `deinit`; the `data` of an element
    /// is used only by the send that follows the call that set it, while the socket holds the buffer.
    private let datagrams: UnsafeMutablePointer<clinux_datagram>

    init() {
        unsafe datagrams = .allocate(capacity: Self.capacity)
        unsafe datagrams.initialize(repeating: clinux_datagram(), count: Self.capacity)
    }

    deinit { unsafe datagrams.deallocate() }

    func set(_ index: Int, buffer: PacketBuffer, remote: SocketAddress) {
        unsafe datagrams[index].remote = remote.native
        unsafe datagrams[index].length = UInt32(buffer.count)
        unsafe buffer.withUnsafeMutableBlock { unsafe datagrams[index].data = $0.baseAddress }
    }

    func send(count: Int, on descriptor: borrowing FileDescriptor, segments: Bool) -> Outcome {
        let result = unsafe clinux_send(descriptor.number, datagrams, UInt32(count), segments ? 1 : 0)
        if result > 0 { return .sent(Int(result)) }
        switch -result {
        case EAGAIN, ENOBUFS: return .full
        // EIO: no checksum offload on the device; EINVAL and EMSGSIZE: a segment exceeds the path's MTU, or else the
        // destination is at fault.
        case EIO where segments: return .cannotSegment(ever: true)
        case EINVAL where segments, EMSGSIZE where segments: return .cannotSegment(ever: false)
        default: return .refused
        }
    }
}
