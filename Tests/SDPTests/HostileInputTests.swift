import SDP
import SansIO
import Testing

@Suite("Hostile descriptions")
struct HostileInputTests {
    @Test("a description cut off at any octet is read or refused", arguments: Samples.all)
    func truncation(text: String) {
        let bytes = Array(text.utf8)
        for length in 0...bytes.count { check(Array(bytes[..<length])) }
    }

    @Test("20,000 random mutations are read or refused, and what is read can be written and read again")
    func mutation() {
        let seed: UInt64 = 0x5D9
        var random = RandomSource(seed: seed)
        let samples = Samples.all.map { Array($0.utf8) }
        for _ in 0..<20_000 {
            // Short cuts out of a sample keep the run fast and reach every kind of line.
            var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
            let start = Int.random(in: 0..<bytes.count, using: &random)
            bytes = Array("v=0\n".utf8) + bytes[start..<min(bytes.count, start + 400)]
            for _ in 0..<Int.random(in: 1...8, using: &random) { mutate(&bytes, &random) }
            check(bytes)
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout RandomSource) {
        let alphabet = Array("v=0ma:/ \r\n\u{0}9*;-".utf8) + [0xFF, 0xCC, 0x81]
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[index] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        case 2: bytes.remove(at: index)
        case 3: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: index)
        default:
            let end = min(bytes.count, index + Int.random(in: 0..<40, using: &random))
            bytes.insert(contentsOf: bytes[index..<end], at: index)
        }
    }

    private func check(_ bytes: [UInt8]) {
        let session: SessionDescription
        do {
            session = try SessionDescription(parsing: bytes)
        } catch {
            return  // a refusal is one of the two legal outcomes
        }
        let text = session.serialised()
        do {
            let again = try SessionDescription(parsing: text)
            if again.serialised() != text { Issue.record("not stable: \(String(decoding: bytes, as: UTF8.self))") }
            for index in again.media.indices {
                _ = OfferAnswer.decide(index, of: again) { _ in Capabilities.audio }
                _ = OfferAnswer.rejected(again.media[index])
            }
        } catch {
            Issue.record("\(error) after writing: \(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
