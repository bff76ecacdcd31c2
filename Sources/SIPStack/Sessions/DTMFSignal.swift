package import SIPMessages

/// One digit sent by INFO, as `application/dtmf-relay` or `application/dtmf` carry it.
package struct DTMFSignal: Hashable, Sendable {
    /// `0`–`9`, `A`–`D`, `*`, `#`, or `R` for a hook flash.
    package var tone: Character
    /// Milliseconds, from 70 to 6000.
    package var milliseconds: Int

    /// - Returns: `nil` for a character that is no tone; the duration is brought within its bounds.
    package init?(tone: Character, milliseconds: Int = 100) {
        let upper = Character(tone.uppercased())
        guard "0123456789ABCD*#R".contains(upper) else { return nil }
        self.tone = upper
        self.milliseconds = min(max(milliseconds, 70), 6000)
    }

    /// Reads an INFO's body; `nil` when it is no DTMF.
    ///
    /// Keys in any case, blanks anywhere, 10 and 11 for `*` and `#`.
    package init?(_ request: SIPRequest) {
        guard let type = request.headers.contentType else { return nil }
        let text = String(decoding: request.body, as: UTF8.self)
        if type.matches(.dtmf) {
            self.init(signal: text.filter { !$0.isWhitespace }, milliseconds: 100)
            return
        }
        guard type.matches(.dtmfRelay) else { return nil }
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...].filter { !$0.isWhitespace }
            fields[line[..<equals].filter { !$0.isWhitespace }.lowercased()] = value
        }
        guard let signal = fields["signal"] else { return nil }
        let duration = fields["duration"].flatMap { Int($0) } ?? 100
        self.init(signal: signal, milliseconds: duration > 0 ? duration : 100)
    }

    private init?(signal: String, milliseconds: Int) {
        switch signal.lowercased() {
        case "10": self.init(tone: "*", milliseconds: milliseconds)
        case "11": self.init(tone: "#", milliseconds: milliseconds)
        case "16", "flash": self.init(tone: "R", milliseconds: milliseconds)
        default:
            guard signal.count == 1, let tone = signal.first else { return nil }
            self.init(tone: tone, milliseconds: milliseconds)
        }
    }

    /// The body of an INFO.
    package var body: SessionBody {
        let text = "Signal=\(tone)\r\nDuration=\(milliseconds)\r\n"
        return SessionBody(contentType: .dtmfRelay, bytes: Array(text.utf8))
    }
}
