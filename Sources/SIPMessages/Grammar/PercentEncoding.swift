/// Percent-escapes of URIs (RFC 3986 §2.1).
enum PercentEncoding {
    /// The octets with each `%XX` replaced by its octet; a `%` without two hexadecimal digits stays.
    static func decode(_ text: some StringProtocol) -> [UInt8] {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = nibble(bytes[index + 1]),
                let low = nibble(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// UTF-8 with everything escaped that `isAllowed` refuses.
    static func encode(_ octets: some Sequence<UInt8>, isAllowed: (UInt8) -> Bool) -> String {
        var result = ""
        for octet in octets {
            if isAllowed(octet) {
                result.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                let hex = String(octet, radix: 16, uppercase: true)
                result += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }

    private static func nibble(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x37
        case 0x61...0x66: octet - 0x57
        default: nil
        }
    }
}
