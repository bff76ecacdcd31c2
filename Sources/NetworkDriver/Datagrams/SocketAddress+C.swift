internal import CLinux
internal import SansIO

extension SocketAddress {
    init(_ address: clinux_address) {
        if address.is_ipv6 != 0 {
            self.init(ip: .v6(address.high, address.low, scope: address.scope), port: address.port)
        } else {
            self.init(ip: .v4(UInt32(truncatingIfNeeded: address.low)), port: address.port)
        }
    }

    var native: clinux_address {
        switch ip {
        case .v4(let bits):
            clinux_address(high: 0, low: UInt64(bits), scope: 0, port: port, is_ipv6: 0)
        case .v6(let high, let low, let scope):
            clinux_address(high: high, low: low, scope: scope, port: port, is_ipv6: 1)
        }
    }
}
