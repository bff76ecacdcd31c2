import SansIO
import Testing

@Suite("IP addresses, RFC 4291 §2.2 and RFC 5952")
struct AddressTests {
    @Test(
        "prints the canonical form of what it parses",
        arguments: [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("::ffff:192.0.2.1", "::ffff:c000:201"),
            ("fe80::1%2", "fe80::1%2"),
        ]
    )
    func canonical(text: String, expected: String) throws {
        let address = try #require(IPAddress(text))

        #expect(address.description == expected)
        #expect(IPAddress(address.description) == address)
    }

    @Test(
        "refuses what is no address",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "+1.2.3.4", ":::", "1::2::3", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "12345::", "::g", "1.2.3.4::", "fe80::1%eth0", "::1.2.3",
        ]
    )
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("knows loopback and link-local ranges")
    func ranges() throws {
        #expect(try #require(IPAddress("127.8.9.1")).isLoopback)
        #expect(try #require(IPAddress("::1")).isLoopback)
        #expect(try #require(IPAddress("fe80::9")).isLinkLocal)
        #expect(try #require(IPAddress("169.254.0.9")).isLinkLocal)
        #expect(try !#require(IPAddress("192.0.2.9")).isLoopback)
    }
}
