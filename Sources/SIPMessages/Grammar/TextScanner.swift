/// A cursor over the octets of one header field's value.
struct TextScanner {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Passes over blanks; folding has been undone before.
    mutating func skipBlanks() {
        while let next = peek, Grammar.isBlank(next) { position += 1 }
    }

    mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard let next = peek, UInt32(next) == character.value else { return false }
        position += 1
        return true
    }

    /// The longest run of octets that fulfil the condition, possibly empty.
    mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = position
        while let next = peek, condition(next) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func token() -> String? {
        let text = take(while: Grammar.isTokenOctet)
        return text.isEmpty ? nil : text
    }

    /// A quoted string with its quotes and escapes as they stand; `nil`, and no movement, when it does not end.
    mutating func rawQuotedString() -> String? {
        let start = position
        guard accept("\"") else { return nil }
        while let next = peek {
            position += 1
            if next == UInt8(ascii: "\\") {
                guard !isAtEnd else { break }
                position += 1
            } else if next == UInt8(ascii: "\"") {
                return String(decoding: bytes[start..<position], as: UTF8.self)
            }
        }
        position = start
        return nil
    }

    mutating func rest() -> String {
        defer { position = bytes.count }
        return String(decoding: bytes[position...], as: UTF8.self)
    }
}

/// The character classes of RFC 3261 §25.1.
enum Grammar {
    static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }

    static func isAlphanumeric(_ octet: UInt8) -> Bool {
        isDigit(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
    }

    static func isTokenOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "`"), UInt8(ascii: "'"), UInt8(ascii: "~"):
            true
        default: isAlphanumeric(octet)
        }
    }

    static func isToken(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenOctet)
    }

    /// What may stand in no part of a URI: controls, blanks and the delimiters of what surrounds it.
    static func isURIOctet(_ octet: UInt8) -> Bool {
        octet > 0x20 && octet != 0x7F && octet != UInt8(ascii: "<") && octet != UInt8(ascii: ">")
            && octet != UInt8(ascii: "\"")
    }

    /// The text without the quotes around it and with its quoted pairs undone; other text as it is.
    static func unquoted(_ text: String) -> String {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        var result: [UInt8] = []
        var escaped = false
        for octet in text.utf8.dropFirst().dropLast() {
            if !escaped, octet == UInt8(ascii: "\\") {
                escaped = true
            } else {
                result.append(octet)
                escaped = false
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text in double quotes, with backslash and quote escaped.
    static func quoted(_ text: some StringProtocol) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\\" || character == "\"" { result.append("\\") }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }

    /// Splits at commas outside quotes and angle brackets (RFC 3261 §7.3.1).
    static func splitList(_ text: String) -> [String] {
        var parts: [String] = []
        var current: [UInt8] = []
        var quoted = false
        var escaped = false
        var depth = 0
        for octet in text.utf8 {
            if quoted {
                if escaped {
                    escaped = false
                } else if octet == UInt8(ascii: "\\") {
                    escaped = true
                } else if octet == UInt8(ascii: "\"") {
                    quoted = false
                }
            } else if octet == UInt8(ascii: "\"") {
                quoted = true
            } else if octet == UInt8(ascii: "<") {
                depth += 1
            } else if octet == UInt8(ascii: ">") {
                depth -= 1
            } else if octet == UInt8(ascii: ","), depth <= 0 {
                parts.append(trimmed(String(decoding: current, as: UTF8.self)))
                current = []
                continue
            }
            current.append(octet)
        }
        parts.append(trimmed(String(decoding: current, as: UTF8.self)))
        return parts
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var slice = Substring(text)
        while let first = slice.utf8.first, isBlank(first) { slice.removeFirst() }
        while let last = slice.utf8.last, isBlank(last) { slice.removeLast() }
        return String(slice)
    }

    /// A number of decimal digits alone, at most `maximum`.
    static func decimal(_ text: some StringProtocol, maximum: UInt64) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit), let value = UInt64(text), value <= maximum else {
            return nil
        }
        return value
    }

    /// Whether text of a caller may stand in a header: no CR, LF or NUL, which would begin a line of its own.
    static func isSafeHeaderText(_ text: some StringProtocol) -> Bool {
        !text.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
    }
}
