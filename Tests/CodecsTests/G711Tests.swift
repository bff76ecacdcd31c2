import MediaTypes
import Testing

@testable import Codecs

@Suite("G.711, ITU-T")
struct G711Tests {
    @Test("known codes stand for the values of the standard's tables")
    func knownCodes() {
        #expect(G711.muLaw.decode(0xFF) == 0 && G711.muLaw.decode(0x7F) == 0)
        #expect(G711.muLaw.decode(0x00) == -32_124 && G711.muLaw.decode(0x80) == 32_124)
        #expect(G711.muLaw.decode(0xFE) == 8 && G711.muLaw.decode(0xEF) == 132)
        #expect(G711.aLaw.decode(0xD5) == 8 && G711.aLaw.decode(0x55) == -8)
        #expect(G711.aLaw.decode(0x2A) == -32_256 && G711.aLaw.decode(0xAA) == 32_256)
    }

    @Test("every code comes back from its own value", arguments: [G711.muLaw, .aLaw])
    func codesAreStable(law: G711) {
        for code in UInt8.min...UInt8.max {
            let again = law.encode(law.decode(code))
            // µ-law has two zeros, and only the positive one is sent.
            #expect(again == code || (law == .muLaw && code == 0x7F && again == 0xFF))
        }
        #expect(law.encode(0) == law.silence)
    }

    @Test("the error stays within half an interval, over all samples", arguments: [G711.muLaw, .aLaw])
    func error(law: G711) {
        for sample in Int16.min...Int16.max {
            let error = abs(Int(law.decode(law.encode(sample))) - Int(sample))
            if error > max(16, abs(Int(sample)) / 32 + 8) {
                // The ends are clipped to the largest code.
                #expect(abs(Int(sample)) > 32_000 && error <= 1_024, "\(sample)")
            }
        }
    }

    @Test("payloads and samples have the same count, and reuse the caller's array")
    func arrays() {
        var payload: [UInt8] = [1, 2, 3]
        var samples: [Int16] = []
        G711.aLaw.encode([0, 1_000, -1_000].span, into: &payload)
        G711.aLaw.decode(unsafe payload.span.bytes, into: &samples)
        #expect(payload.count == 3 && samples.count == 3)
        #expect(abs(Int(samples[1]) - 1_000) <= 32 && samples[1] == -samples[2])
    }

    @Test("the libraries say their versions")
    func versions() {
        let versions = codecLibraryVersions()
        #expect(versions.map(\.name) == ["libopus", "libvpx"])
        #expect(versions.allSatisfy { $0.version.first?.isNumber == true })
    }
}
