import NetworkSimulation
import SansIO

/// Keeps what arrives, sends what it is told to, and sets alarms.
final class RecordingEndpoint: DatagramEndpoint {
    struct Arrival: Equatable {
        var bytes: [UInt8]
        var remote: SocketAddress
        var local: SocketAddress
        var time: MonotonicTime
    }

    private(set) var arrivals: [Arrival] = []
    private(set) var timeouts: [MonotonicTime] = []
    private var outputs = OutputQueue<EndpointOutput>()
    var alarms: [MonotonicTime] = []
    /// Sends every datagram back, at once.
    var echoes = false
    /// Leaves its alarm where it is.
    var ignoresTimeouts = false

    func send(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress) {
        outputs.append(.transmit(PacketBuffer(bytes), from: source, to: destination))
    }

    func output(_ output: EndpointOutput) { outputs.append(output) }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        arrivals.append(Arrival(bytes: datagram.bytes.copied(), remote: remote, local: local, time: arrival))
        if echoes { outputs.append(.transmit(datagram, from: local, to: remote)) }
    }

    func handleTimeout(at now: MonotonicTime) {
        timeouts.append(now)
        if !ignoresTimeouts { alarms.removeAll { $0 <= now } }
    }

    var nextTimeout: MonotonicTime? { alarms.min() }

    func pollOutput() -> EndpointOutput? { outputs.popFirst() }
}

extension SocketAddress {
    /// 192.0.2.`host`, a public address of the documentation block (RFC 5737).
    static func at(_ host: UInt8, port: UInt16 = 5_000) -> SocketAddress {
        SocketAddress(ip: .v4(0xC000_0200 | UInt32(host)), port: port)
    }

    /// 10.0.0.`host`.
    static func inside(_ host: UInt8, port: UInt16 = 5_000) -> SocketAddress {
        SocketAddress(ip: .v4(0x0A00_0000 | UInt32(host)), port: port)
    }
}

extension MonotonicTime {
    static func milliseconds(_ count: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: count * 1_000_000) }
}
