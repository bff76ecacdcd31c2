/// Reads one message: lines, start line, header fields, body, then what must be right before anybody acts on it.
struct MessageReader {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private enum StartLine {
        case request(method: String, uri: String)
        case response(statusCode: Int, reason: String)
        case unreadableRequest(SIPParseFailure)
    }

    mutating func read() -> SIPMessageParser.Result {
        // Line ends before the start line are ignored (RFC 3261 §7.5).
        while position < bytes.count, bytes[position] == 0x0D || bytes[position] == 0x0A { position += 1 }
        guard let first = nextLine() else { return .discarded(.init(.truncated, line: 1)) }
        let startLine: StartLine
        switch Self.startLine(first) {
        case .success(let value): startLine = value
        case .failure(let failure): return .discarded(failure)
        }
        var headers = SIPHeaders()
        if let failure = readHeaders(into: &headers) {
            return .discarded(failure)
        }
        switch startLine {
        case .response(let statusCode, let reason):
            return finish(SIPResponse(statusCode: statusCode, reason: reason, headers: headers))
        case .unreadableRequest(let failure):
            return reject(headers, method: String(first.prefix { $0 != " " }), failure: failure)
        case .request(let method, let uri):
            guard let uri = AddressURI(uri), uri.sipURI?.headers.isEmpty ?? true else {
                return reject(headers, method: method, failure: .init(.startLine, line: 1))
            }
            return finish(SIPRequest(method: SIPMethod(method), uri: uri, headers: headers))
        }
    }

    // MARK: - Lines

    /// The next line without its end, which is CRLF or a bare LF; `nil` when the octets end before it does.
    private mutating func nextLine() -> String? {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
        line += 1
        let text = bytes[position..<(end > position && bytes[end - 1] == 0x0D ? end - 1 : end)]
        position = end + 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func readHeaders(into headers: inout SIPHeaders) -> SIPParseFailure? {
        var current: (name: String, value: String)?
        while let text = nextLine() {
            if text.isEmpty {
                if let current { headers.appendParsed(current.name, Grammar.trimmed(current.value)) }
                return nil
            }
            guard line <= SIPMessageParser.maximumHeaders else { return .init(.tooLarge, line: line) }
            if let first = text.utf8.first, Grammar.isBlank(first) {
                // Folding (RFC 3261 §7.3.1): the line end and the blanks stand for one blank.
                current?.value += " " + Grammar.trimmed(text)
                continue
            }
            if let current { headers.appendParsed(current.name, Grammar.trimmed(current.value)) }
            current = nil
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = Grammar.trimmed(text[..<colon])
            // A line that is no header field is passed over; what follows it may be sound.
            if Grammar.isToken(name) { current = (name, String(text[text.utf8.index(after: colon)...])) }
        }
        // A datagram that ends with a header line's end lacks nothing but the empty line (RFC 4475 §3.1.2.15 as printed).
        guard position == bytes.count, line > 1 else { return .init(.truncated, line: line) }
        if let current { headers.appendParsed(current.name, Grammar.trimmed(current.value)) }
        return nil
    }

    private static func startLine(_ text: String) -> Result<StartLine, SIPParseFailure> {
        let upper = text.uppercased()
        if upper.hasPrefix("SIP/") {
            guard upper.hasPrefix("SIP/2.0 ") else { return .failure(.init(.version, line: 1)) }
            let rest = text.dropFirst(8)
            let digits = rest.prefix { $0 != " " }
            guard digits.utf8.count == 3, let code = Grammar.decimal(digits, maximum: 699), code >= 100 else {
                return .failure(.init(.startLine, line: 1))
            }
            return .success(.response(statusCode: Int(code), reason: String(rest.dropFirst(4))))
        }
        // Exactly one blank between the three parts, none at the ends (RFC 3261 §7.1).
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard upper.contains("SIP/"), Grammar.isToken(parts.first { !$0.isEmpty } ?? "") else {
            return .failure(.init(.startLine, line: 1))
        }
        guard parts.count == 3, Grammar.isToken(parts[0]) else {
            return .success(.unreadableRequest(.init(.startLine, line: 1)))
        }
        guard parts[2].uppercased() == "SIP/2.0" else {
            let fault: SIPParseFailure.Fault = parts[2].uppercased().hasPrefix("SIP/") ? .version : .startLine
            return .success(.unreadableRequest(.init(fault, line: 1)))
        }
        return .success(.request(method: String(parts[0]), uri: String(parts[1])))
    }

    // MARK: - What must be right

    private func finish(_ response: SIPResponse) -> SIPMessageParser.Result {
        var response = response
        if let fault = Self.mandatoryFault(response.headers) { return .discarded(.init(fault, line: 0)) }
        switch body(response.headers) {
        case .success(let body): response.body = body
        case .failure(let failure): return .discarded(failure)
        }
        return .message(.response(response))
    }

    private func finish(_ request: SIPRequest) -> SIPMessageParser.Result {
        var request = request
        let headers = request.headers
        let reject = { (fault: SIPParseFailure.Fault) in
            self.reject(headers, method: request.method.rawValue, failure: .init(fault, line: 0))
        }
        if let fault = Self.mandatoryFault(headers) ?? Self.requestFault(headers) { return reject(fault) }
        guard headers.cSeq?.method == request.method else { return reject(.methodMismatch) }
        switch body(headers) {
        case .success(let body): request.body = body
        case .failure(let failure): return reject(failure.fault)
        }
        return .message(.request(request))
    }

    /// Without these five nobody can act on a message or answer it (RFC 3261 §8.1.1).
    private static func mandatoryFault(_ headers: SIPHeaders) -> SIPParseFailure.Fault? {
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            guard let value = headers[name] else { return .missing(name) }
            if name != "Via", headers.lines(name).count > 1 { return .repeated(name) }
            let isSound =
                switch name {
                case "Via": headers.topVia != nil
                case "CSeq": CSeq(value) != nil
                case "Call-ID": !value.isEmpty
                default: NameAddress(value) != nil
                }
            guard isSound else { return .malformed(name) }
        }
        return nil
    }

    /// What a request may carry must at least be readable where a wrong guess would misdirect it.
    private static func requestFault(_ headers: SIPHeaders) -> SIPParseFailure.Fault? {
        for name in ["Max-Forwards", "Content-Type", "Content-Length"] where headers.lines(name).count > 1 {
            return .repeated(name)
        }
        if headers.contains("Max-Forwards"), headers.maxForwards == nil { return .malformed("Max-Forwards") }
        guard headers.list("Via").allSatisfy({ Via($0) != nil }) else { return .malformed("Via") }
        if headers.lines("Contact") != ["*"] {
            guard headers.list("Contact").allSatisfy({ NameAddress($0) != nil }) else { return .malformed("Contact") }
        }
        for name in ["Route", "Record-Route"] {
            guard headers.list(name).allSatisfy({ NameAddress($0) != nil }) else { return .malformed(name) }
        }
        return nil
    }

    private func body(_ headers: SIPHeaders) -> Result<[UInt8], SIPParseFailure> {
        let available = bytes.count - position
        let lengths = Set(headers.lines("Content-Length"))
        guard lengths.count <= 1 else { return .failure(.init(.repeated("Content-Length"), line: 0)) }
        guard let text = lengths.first else { return .success(Array(bytes[position...])) }
        guard let length = Grammar.decimal(text, maximum: UInt64(Int32.max)) else {
            return .failure(.init(.malformed("Content-Length"), line: 0))
        }
        guard length <= available else { return .failure(.init(.bodyTooShort, line: 0)) }
        return .success(Array(bytes[position..<position + Int(length)]))
    }

    /// The 400 (or 505) to a broken request; an ACK is never answered, and without a Via nobody could be.
    private func reject(
        _ headers: SIPHeaders,
        method: String,
        failure: SIPParseFailure
    ) -> SIPMessageParser.Result {
        guard method != SIPMethod.ack.rawValue, headers.contains("Via") else { return .discarded(failure) }
        let request = SIPRequest(method: SIPMethod(method), uri: .other(scheme: "", text: ""), headers: headers)
        let statusCode = failure.fault == .version ? 505 : 400
        return .rejected(SIPResponse(to: request, statusCode: statusCode, toTag: "400"), failure)
    }
}
