import Digests
import Testing

@Suite("Digests")
struct DigestTests {
    @Test(
        "of \"abc\" are those of their specifications",
        arguments: [
            (Digest.md5, "900150983cd24fb0d6963f7d28e17f72"),  // RFC 1321 A.5
            (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (.sha512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ]
    )
    func abc(digest: Digest, expected: String) {
        #expect(digest.hex("abc") == expected)
    }

    @Test("with a key follow RFC 2202 and RFC 4231, case 2")
    func keyed() {
        let key = Array("Jefe".utf8)
        let data = Array("what do ya want for nothing?".utf8)

        #expect(Hexadecimal.encode(HMAC.sha1(key: key, data)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            Hexadecimal.encode(HMAC.sha256(key: key, data))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
    }

    @Test("by cyclic redundancy check give the well-known value")
    func crc() {
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test("in hexadecimal are read back, and what is none is refused")
    func hexadecimal() {
        #expect(Hexadecimal.decode("00ff7F") == [0, 255, 127])
        #expect(Hexadecimal.encode([0, 255, 127]) == "00ff7f")
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
    }

    @Test("compare by content and length")
    func comparison() {
        #expect(ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]))
        #expect(!ConstantTime.equal([1, 2], [1, 2, 3]))
    }
}
