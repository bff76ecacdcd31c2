internal import COpenSSL

/// OpenSSL's view of the network: a BIO that keeps datagram borders.
///
/// OpenSSL 3.0's memory BIO is a stream, so two flights written one after the other would run together, and its
/// datagram BIO wants a socket. This one takes one datagram at a time in and collects the datagrams that come out.
@safe final class DatagramBIO {
    /// The datagram being read; a read takes all of it.
    private var incoming: [UInt8] = []
    /// Datagrams written since the last drain.
    private(set) var outgoing: [[UInt8]] = []
    private let mtu: Int

    /// Octets of the IPv4 and UDP headers, by which OpenSSL's link MTU exceeds a datagram's payload.
    static let headerOverhead = 28

    init(mtu: Int) { self.mtu = mtu }

    func receive(_ datagram: [UInt8]) { incoming = datagram }

    func takeOutgoing() -> [[UInt8]] {
        defer { outgoing = [] }
        return outgoing
    }

    /// Makes the OpenSSL handle.
    ///
    /// The handle does not retain this object: the connection owns both and frees the handle first.
    func makeHandle() -> OpaquePointer? {
        guard let method = unsafe Self.method.pointer, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private static func object(of bio: OpaquePointer?) -> DatagramBIO? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<DatagramBIO>.fromOpaque(data).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(incoming.count, buffer.count)
        unsafe buffer.copyBytes(from: incoming.prefix(count))
        incoming = []
        return count
    }

    /// The method table, made once for the process and never freed.
    ///
    /// `@unchecked Sendable`: written before it is shared, read-only afterwards.
    @safe private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "offhook datagram")
        unsafe BIO_meth_set_write(method) { bio, data, length in
            guard let data = unsafe data, length > 0, let object = unsafe DatagramBIO.object(of: bio) else { return -1 }
            let bytes = unsafe UnsafeRawBufferPointer(start: data, count: Int(length))
            unsafe object.outgoing.append([UInt8](bytes))
            return length
        }
        unsafe BIO_meth_set_read(method) { bio, data, length in
            guard let data = unsafe data, length > 0, let object = unsafe DatagramBIO.object(of: bio) else { return -1 }
            unsafe offhook_BIO_clear_retry_flags(bio)
            let count = unsafe object.read(into: UnsafeMutableRawBufferPointer(start: data, count: Int(length)))
            guard count == 0 else { return Int32(count) }
            unsafe offhook_BIO_set_retry_read(bio)
            return -1
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
            switch command {
            case BIO_CTRL_FLUSH: 1
            case BIO_CTRL_DGRAM_QUERY_MTU: unsafe DatagramBIO.object(of: bio)?.mtu ?? 0
            case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: DatagramBIO.headerOverhead
            default: 0
            }
        }
        return unsafe Method(pointer: method)
    }()
}
