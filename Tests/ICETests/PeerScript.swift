import ICE
import STUN
import SansIO

/// A peer written out by hand: builds its requests and answers, octet for octet as a test wants them.
struct PeerScript {
    var fragment = "peer"
    var password = "a peer's password of 24 c"
    var random = RandomSource(seed: 99)

    var credentials: ICECredentials { ICECredentials(usernameFragment: fragment, password: Redacted(password)) }

    mutating func request(
        to agent: ICEAgent,
        role: STUNAttribute = .iceControlling(.max),
        useCandidate: Bool = false,
        extra: [STUNAttribute] = []
    ) -> STUNMessage {
        STUNMessage(
            .request,
            transactionID: STUNTransactionID(random: &random),
            attributes: [
                .username("\(agent.localCredentials.usernameFragment):\(fragment)"), .priority(0x6E00_01FF), role,
            ] + (useCandidate ? [.useCandidate] : []) + extra
        )
    }

    /// The success response to a request of the agent's.
    func answer(_ request: STUNMessage, mapped: SocketAddress, password: String? = nil) -> [UInt8] {
        STUNMessage(.successResponse, transactionID: request.transactionID, attributes: [.xorMappedAddress(mapped)])
            .encoded(integrityKey: Array((password ?? self.password).utf8))
    }
}

extension ICEAgent {
    var key: [UInt8] { Array(localCredentials.password.exposed.utf8) }

    /// All outputs until there are no more.
    func drain() -> [ICEOutput] {
        var outputs: [ICEOutput] = []
        while let output = pollOutput() { outputs.append(output) }
        return outputs
    }

    /// The messages among the outputs until there are no more.
    func drainMessages() -> [STUNMessage] {
        drain().compactMap {
            guard case .transmit(let bytes, _, _) = $0 else { return nil }
            return try? STUNMessage(parsing: bytes)
        }
    }
}
