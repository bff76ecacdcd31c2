/// Turns the octets of one datagram or WebSocket message into a SIP message (RFC 3261 §7, §18.3; RFC 7118 §4.2).
public enum SIPMessageParser {
    /// What the octets turned out to be.
    public enum Result: Hashable, Sendable {
        /// A message whose mandatory header fields are readable.
        case message(SIPMessage)
        /// A request that cannot be accepted, and the response that says so.
        case rejected(SIPResponse, SIPParseFailure)
        /// Nothing that may be answered: a broken response, a broken ACK, or no SIP at all.
        case discarded(SIPParseFailure)
        /// CRLF keep-alive traffic (RFC 5626 §3.5.1): a ping of two line ends wants one line end back.
        case keepAlive(isPing: Bool)
    }

    /// Longest message accepted, in octets.
    public static let maximumSize = 65_536
    /// Most header field lines accepted.
    public static let maximumHeaders = 1024

    /// Parses one message; octets after the body that Content-Length announces are ignored (RFC 3261 §18.3).
    public static func parse(_ bytes: [UInt8]) -> Result {
        guard bytes.count <= maximumSize else { return .discarded(.init(.tooLarge, line: 0)) }
        if bytes.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) {
            return bytes.isEmpty ? .discarded(.init(.noMessage, line: 0)) : .keepAlive(isPing: bytes.count >= 4)
        }
        var reader = MessageReader(bytes)
        return reader.read()
    }
}

/// Why a message was not accepted, and where.
public struct SIPParseFailure: Error, Hashable, Sendable {
    /// The kinds of fault.
    public enum Fault: Hashable, Sendable {
        /// Nothing but emptiness.
        case noMessage
        /// Longer than ``SIPMessageParser/maximumSize``, or more lines than ``SIPMessageParser/maximumHeaders``.
        case tooLarge
        /// No empty line after the header fields.
        case truncated
        /// The first line is neither a Request-Line nor a Status-Line.
        case startLine
        /// A version other than SIP/2.0.
        case version
        /// A mandatory header field is absent.
        case missing(String)
        /// A header field that must be readable is not.
        case malformed(String)
        /// A header field that stands once stands several times.
        case repeated(String)
        /// CSeq names another method than the Request-Line.
        case methodMismatch
        /// Content-Length exceeds what arrived.
        case bodyTooShort
    }

    /// What is wrong.
    public var fault: Fault
    /// The line, from 1; 0 where no line is to blame.
    public var line: Int

    init(_ fault: Fault, line: Int) {
        self.fault = fault
        self.line = line
    }
}
