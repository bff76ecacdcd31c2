internal import CLinux
internal import Glibc
internal import SansIO

/// One bound UDP socket of a media loop and the datagrams that wait to leave by it.
final class UDPSocket {
    /// Who gets what arrives.
    enum Use: Equatable {
        /// The loop's router decides; the number tells shared sockets apart in its keys.
        case shared(UInt16)
        case own(EndpointID)
    }

    let descriptor: FileDescriptor
    let local: SocketAddress
    let use: Use
    /// What the loop's poll calls this socket.
    let token: UInt64
    private(set) var kernelDrops: UInt32 = 0
    private var lastArrival = MonotonicTime.zero
    private var outbox: [Outgoing] = []
    private var deviceSegments = true

    private struct Outgoing {
        var buffer: PacketBuffer
        let remote: SocketAddress
    }

    /// Opens a socket on `ip`; in the first free port from `ports` on, or one of the kernel's choice.
    init(
        ip: IPAddress,
        ports: inout PortAllocator,
        bufferSize: Int,
        use: Use,
        token: UInt64
    ) throws(MediaLoopError) {
        var result = -EADDRINUSE
        for port in ports.candidates() {
            var address = SocketAddress(ip: ip, port: port).native
            result = unsafe clinux_udp_open(&address, CInt(clamping: bufferSize))
            guard result == -EADDRINUSE else { break }
        }
        guard result >= 0 else { throw .cannotBind(ip, code: -result) }
        descriptor = FileDescriptor(result)
        var bound = clinux_address()
        let status = unsafe clinux_socket_address(descriptor.number, &bound)
        guard status == 0 else { throw .cannotBind(ip, code: -status) }
        local = SocketAddress(ip: ip, port: bound.port)
        self.use = use
        self.token = token
    }

    /// Octets of receive buffer that the system granted.
    var receiveBufferSize: Int { max(0, Int(clinux_receive_buffer_size(descriptor.number))) }

    /// Fills `batch`; its count is 0 when nothing waits.
    func receive(into batch: ReceiveBatch) {
        batch.receive(from: descriptor, notBefore: lastArrival)
        guard batch.count > 0 else { return }
        lastArrival = batch.arrival(at: batch.count - 1)
        kernelDrops = batch.kernelDrops ?? kernelDrops
    }

    var hasOutput: Bool { !outbox.isEmpty }

    /// Queues a datagram until ``flush(_:pool:counters:)``; false when too many wait.
    func append(_ buffer: PacketBuffer, to remote: SocketAddress) -> Bool {
        guard outbox.count < Self.outboxLimit else { return false }
        outbox.append(Outgoing(buffer: buffer, remote: remote))
        return true
    }

    /// Sends what waits, and gives the buffers back.
    ///
    /// What the kernel has no room for stays for the next flush. A datagram that it refuses is dropped and counted.
    func flush(_ batch: SendBatch, pool: PacketPool, counters: inout MediaLoopCounters) {
        var done = 0
        var segments = deviceSegments
        while done < outbox.count {
            let end = min(done + SendBatch.capacity, outbox.count)
            for index in done..<end {
                batch.set(index - done, buffer: outbox[index].buffer, remote: outbox[index].remote)
            }
            switch batch.send(count: end - done, on: descriptor, segments: segments) {
            case .sent(let count):
                counters.sentBatches += 1
                counters.sentDatagrams += UInt64(count)
                done += count
            case .full:
                counters.sendsDeferred += 1
                recycle(done, pool: pool)
                return
            case .cannotSegment(let ever):
                segments = false
                if ever { deviceSegments = false }
            case .refused:
                counters.sendErrors += 1
                done += 1
            }
        }
        recycle(done, pool: pool)
    }

    private func recycle(_ count: Int, pool: PacketPool) {
        for index in 0..<count where isKnownUniquelyReferenced(&outbox[index].buffer) {
            pool.recycle(outbox[index].buffer)
        }
        outbox.removeFirst(count)
    }

    /// Datagrams that may wait: several milliseconds of a full 10 Gbit/s link.
    private static let outboxLimit = 4096
}

/// The ports that sockets take, in turn.
struct PortAllocator {
    private let range: ClosedRange<UInt16>?
    private var next: UInt16

    /// - Parameter range: The ports to use; `nil` leaves the choice to the kernel.
    init(range: ClosedRange<UInt16>?) {
        self.range = range
        next = range?.lowerBound ?? 0
    }

    /// Every port of the range once, from where the last call ended, so that a port just freed rests the longest.
    mutating func candidates() -> [UInt16] {
        guard let range else { return [0] }
        let start = next
        next = next == range.upperBound ? range.lowerBound : next + 1
        return Array(start...range.upperBound) + Array(range.lowerBound..<start)
    }
}
