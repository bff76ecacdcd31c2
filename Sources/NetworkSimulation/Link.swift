import SansIO

/// One direction between two addresses.
final class Link {
    private var shaper: PacketShaper
    private(set) var counters = LinkCounters()

    init(profile: LinkProfile, random: RandomSource) { shaper = PacketShaper(profile: profile, random: random) }

    func setProfile(_ profile: LinkProfile) { shaper.profile = profile }

    func shape(size: Int, at now: MonotonicTime) -> PacketFate {
        let fate = shaper.shape(size: size, at: now)
        counters.count(fate, size: size)
        return fate
    }

    func countDelivery(size: Int) {
        counters.delivered += 1
        counters.bytesDelivered += size
    }
}

/// The links of a network, made when first used, and the profiles they get.
struct LinkTable {
    /// Two ends; `nil` stands for any.
    private struct Ends: Hashable {
        let source: SocketAddress?
        let destination: SocketAddress?
    }

    private var links: [Ends: Link] = [:]
    private var profiles: [Ends: LinkProfile]
    private var seeds: SplitMix64

    init(seed: UInt64, profile: LinkProfile) {
        seeds = SplitMix64(seed: seed)
        profiles = [Ends(source: nil, destination: nil): profile]
    }

    mutating func link(from source: SocketAddress, to destination: SocketAddress) -> Link {
        let ends = Ends(source: source, destination: destination)
        if let link = links[ends] { return link }
        let link = Link(profile: profile(of: ends), random: RandomSource(seed: seeds.next()))
        links[ends] = link
        return link
    }

    mutating func setProfile(_ profile: LinkProfile, from source: SocketAddress?, to destination: SocketAddress?) {
        profiles[Ends(source: source, destination: destination)] = profile
        for (ends, link) in links { link.setProfile(self.profile(of: ends)) }
    }

    func counters(from source: SocketAddress?, to destination: SocketAddress?) -> LinkCounters {
        links.reduce(LinkCounters()) { sum, entry in
            let matches =
                (source == nil || source == entry.key.source)
                && (destination == nil || destination == entry.key.destination)
            return matches ? sum + entry.value.counters : sum
        }
    }

    private func profile(of ends: Ends) -> LinkProfile {
        profiles[ends]
            ?? profiles[Ends(source: ends.source, destination: nil)]
            ?? profiles[Ends(source: nil, destination: ends.destination)]
            ?? profiles[Ends(source: nil, destination: nil)]
            ?? .perfect
    }
}
