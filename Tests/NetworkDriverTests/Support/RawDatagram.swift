internal import CLinux
internal import Glibc
internal import SansIO

@testable import NetworkDriver

/// Sends one datagram of any length from a socket of its own.
func sendRaw(_ bytes: [UInt8], to remote: SocketAddress) {
    var local = SocketAddress(ip: .v4(0x7F00_0001), port: 0).native
    let socket = FileDescriptor(unsafe clinux_udp_open(&local, 65536))
    var bytes = bytes
    unsafe bytes.withUnsafeMutableBytes { bytes in
        var datagram = unsafe clinux_datagram()
        unsafe datagram.data = bytes.baseAddress
        unsafe datagram.length = UInt32(bytes.count)
        unsafe datagram.remote = remote.native
        unsafe _ = clinux_send(socket.number, &datagram, 1, 0)
    }
}
