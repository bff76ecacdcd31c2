/// The parts of `text` between runs of `separator`, an ASCII character.
///
/// Works on octets, so a combining mark cannot hide a separator.
func tokens(_ text: Substring, separator: Character = " ", maxSplits: Int = .max) -> [Substring] {
    guard let octet = separator.asciiValue else { return [text] }
    return text.utf8.split(separator: octet, maxSplits: maxSplits).map { Substring($0) }
}

/// `text` up to the first `separator`, and what follows it, if there is one.
func halves(_ text: Substring, at separator: Character) -> (head: Substring, tail: Substring?) {
    guard let octet = separator.asciiValue, let index = text.utf8.firstIndex(of: octet) else { return (text, nil) }
    return (text[..<index], text[text.utf8.index(after: index)...])
}

/// A decimal number of digits only; `nil` when it is not one or does not fit.
func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol, as type: Number.Type = Number.self) -> Number? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Number(text)
}

/// Hexadecimal octets in upper case, with a colon between (RFC 8122 §5).
func colonSeparatedHex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "0" + digits : digits
    }
    .joined(separator: ":")
}

/// The reverse of ``colonSeparatedHex(_:)``, in any case.
func parseColonSeparatedHex(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    for part in text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
        let digits = Substring(part)
        guard digits.utf8.count == 2, digits.utf8.first != UInt8(ascii: "+"), let byte = UInt8(digits, radix: 16) else {
            return nil
        }
        bytes.append(byte)
    }
    return bytes
}
