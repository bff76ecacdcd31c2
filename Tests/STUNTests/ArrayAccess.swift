import STUN
import SansIO

extension STUNMessage {
    init(parsing bytes: [UInt8]) throws(STUNError) { try self.init(parsing: unsafe bytes.span.bytes) }

    func integrity(in bytes: [UInt8], key: [UInt8]) -> Verdict { integrity(in: unsafe bytes.span.bytes, key: key) }

    func fingerprint(in bytes: [UInt8]) -> Verdict { fingerprint(in: unsafe bytes.span.bytes) }
}

extension STUNPeek {
    init?(_ bytes: [UInt8]) { self.init(unsafe bytes.span.bytes) }
}
