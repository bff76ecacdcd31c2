package import SansIO

/// A network address translator in front of one or more endpoints (behaviours as RFC 4787 §4 and §5 name them).
///
/// A reference type: endpoints behind the same box share its mappings, and reach each other directly.
package final class NATBox {
    /// Which part of the far address a mapping, or the filter of a mapping, depends on.
    package enum Dependence: Sendable, CaseIterable {
        case endpointIndependent
        case addressDependent
        /// As a mapping this is the "symmetric" NAT.
        case addressAndPortDependent
    }

    package let publicIP: IPAddress
    package let mapping: Dependence
    package let filtering: Dependence
    /// How long a mapping lives without outbound traffic (RFC 4787 §4.3 asks for two minutes at least).
    package let mappingLifetime: Duration
    private var mappings: [Mapping] = []
    private var nextPort: UInt16

    package init(
        publicIP: IPAddress,
        mapping: Dependence = .endpointIndependent,
        filtering: Dependence = .addressAndPortDependent,
        mappingLifetime: Duration = .seconds(120),
        firstPort: UInt16 = 40_000
    ) {
        self.publicIP = publicIP
        self.mapping = mapping
        self.filtering = filtering
        self.mappingLifetime = mappingLifetime
        nextPort = firstPort
    }

    /// The public source address of a datagram from inside; makes or refreshes the mapping and opens the filter.
    ///
    /// - Returns: `nil` when every port is taken.
    package func translateOutbound(
        from inside: SocketAddress,
        to far: SocketAddress,
        at now: MonotonicTime
    ) -> SocketAddress? {
        mappings.removeAll { $0.expiry <= now }
        let expiry = now + mappingLifetime
        let key = mapping.scope(of: far)
        if let index = mappings.firstIndex(where: { $0.inside == inside && $0.key == key }) {
            mappings[index].expiry = expiry
            mappings[index].contacted.insert(far)
            return SocketAddress(ip: publicIP, port: mappings[index].port)
        }
        guard let port = freePort() else { return nil }
        mappings.append(Mapping(inside: inside, port: port, key: key, contacted: [far], expiry: expiry))
        return SocketAddress(ip: publicIP, port: port)
    }

    /// The inside address for a datagram that arrived at a public one, or `nil` when the box drops it.
    package func translateInbound(
        from far: SocketAddress,
        to port: UInt16,
        at now: MonotonicTime
    ) -> SocketAddress? {
        guard let mapping = mappings.first(where: { $0.port == port && $0.expiry > now }) else { return nil }
        let scope = filtering.scope(of: far)
        guard mapping.contacted.contains(where: { filtering.scope(of: $0) == scope }) else { return nil }
        return mapping.inside
    }

    /// The inside address behind a public port, whatever the filter says.
    func insideAddress(of port: UInt16, at now: MonotonicTime) -> SocketAddress? {
        mappings.first { $0.port == port && $0.expiry > now }?.inside
    }

    /// Forgets every mapping, as a box does that is switched off and on.
    package func restart() { mappings.removeAll() }

    private func freePort() -> UInt16? {
        for _ in 0..<Int(UInt16.max) - 1024 {
            let port = nextPort
            nextPort = nextPort == .max ? 1024 : nextPort + 1
            if !mappings.contains(where: { $0.port == port }) { return port }
        }
        return nil
    }

    private struct Mapping {
        let inside: SocketAddress
        let port: UInt16
        let key: Dependence.Scope
        var contacted: Set<SocketAddress>
        var expiry: MonotonicTime
    }
}

extension NATBox.Dependence {
    /// The part of a far address that counts.
    enum Scope: Hashable {
        case any
        case address(IPAddress)
        case socket(SocketAddress)
    }

    func scope(of far: SocketAddress) -> Scope {
        switch self {
        case .endpointIndependent: .any
        case .addressDependent: .address(far.ip)
        case .addressAndPortDependent: .socket(far)
        }
    }
}
