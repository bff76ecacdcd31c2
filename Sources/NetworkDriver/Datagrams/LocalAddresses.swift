internal import CLinux
package import SansIO

/// Which addresses of the machine media may use.
package enum LocalAddresses: Sendable, Equatable {
    /// Those of every interface that is up, at the time a call is made.
    ///
    /// IPv4 link-local addresses count as ordinary ones; IPv6 link-local addresses are useless to most peers, since every
    /// host has them and their scope means nothing elsewhere.
    case interfaces(includesIPv6LinkLocal: Bool = false)
    /// Exactly these, loopback or not.
    case fixed([IPAddress])

    /// The addresses, loopback last.
    ///
    /// - Parameter includesLoopback: Whether 127.0.0.1 and ::1 belong to them, where they are not fixed.
    package func current(includesLoopback: Bool) -> [IPAddress] {
        switch self {
        case .fixed(let addresses): addresses
        case .interfaces(let includesIPv6LinkLocal):
            Self.select(
                Self.enumerate(),
                includesLoopback: includesLoopback,
                includesIPv6LinkLocal: includesIPv6LinkLocal
            )
        }
    }

    static func select(
        _ addresses: [IPAddress],
        includesLoopback: Bool,
        includesIPv6LinkLocal: Bool
    ) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        let usable = addresses.filter { address in
            guard seen.insert(address).inserted, !address.isUnspecified else { return false }
            return includesIPv6LinkLocal || !address.isIPv6 || !address.isLinkLocal
        }
        let routable = usable.filter { !$0.isLoopback }
        return includesLoopback ? routable + usable.filter(\.isLoopback) : routable
    }

    private static func enumerate() -> [IPAddress] {
        // More addresses than a host has; what exceeds it stays unused.
        let limit = 256
        var interfaces = [clinux_interface](repeating: clinux_interface(), count: limit)
        let found = unsafe interfaces.withUnsafeMutableBufferPointer { interfaces in
            unsafe clinux_interfaces(interfaces.baseAddress, UInt32(interfaces.count))
        }
        return interfaces.prefix(max(0, min(limit, Int(found)))).map { SocketAddress($0.address).ip }
    }
}
