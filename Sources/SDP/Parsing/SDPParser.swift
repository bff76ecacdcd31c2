/// Reads a description line by line.
struct SDPParser {
    private var session = SessionDescription(origin: Origin(username: "-", sessionID: "0", sessionVersion: 0))
    private var lineNumber = 0
    private var hasVersion = false

    mutating func parse(_ bytes: [UInt8]) throws(SDPError) -> SessionDescription {
        guard bytes.count <= SDPLimits.descriptionInBytes else { throw .tooLarge(bytes: bytes.count) }
        var rest = bytes[...]
        while !rest.isEmpty {
            // CRLF by the book, LF from many, CR alone from none any more; NUL never belongs in a line.
            let end = rest.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? rest.endIndex
            var line = rest[..<end]
            let isCRLF = rest[end...].starts(with: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
            rest = rest[min(end + (isCRLF ? 2 : 1), rest.endIndex)...]
            lineNumber += 1
            guard lineNumber <= SDPLimits.lines else { throw .tooManyLines }
            line.removeAll { $0 == 0 }
            guard line.count <= SDPLimits.lineInBytes else { throw .lineTooLong(line: lineNumber) }
            guard !line.isEmpty else { continue }
            try parse(line: String(decoding: line, as: UTF8.self))
        }
        guard hasVersion else { throw .empty }
        return session
    }

    private mutating func parse(line: String) throws(SDPError) {
        let scalars = line.unicodeScalars
        guard let type = scalars.first, scalars.dropFirst().first == "=" else {
            guard hasVersion else { throw .missingVersion }
            return keep(SDPLine(type: nil, value: line))
        }
        let value = Substring(scalars.dropFirst(2))
        guard hasVersion || type == "v" else { throw .missingVersion }
        switch type {
        case "v": try parseVersion(value)
        case "m": try parseMedia(value)
        case "c": try parseConnection(value)
        case "o" where session.media.isEmpty: try parseOrigin(value)
        case "s" where session.media.isEmpty: session.sessionName = String(value)
        case "a": add(SDPAttribute(parsing: value))
        case "b": add(bandwidth: value)
        case "t" where session.media.isEmpty: parseTiming(value)
        case "k": break  // RFC 8866 §5.12: obsolete, and to be discarded
        default: keep(SDPLine(type: type, value: String(value)))
        }
    }

    private mutating func parseVersion(_ value: Substring) throws(SDPError) {
        guard tokens(value) == ["0"], !hasVersion else { throw .unsupportedVersion(line: lineNumber) }
        hasVersion = true
    }

    private mutating func parseOrigin(_ value: Substring) throws(SDPError) {
        let fields = tokens(value)
        guard fields.count == 6, let version = decimal(fields[2], as: UInt64.self) else {
            throw .malformed(field: .origin, line: lineNumber)
        }
        session.origin = Origin(
            username: String(fields[0]),
            sessionID: String(fields[1]),
            sessionVersion: version,
            address: ConnectionAddress(
                networkType: String(fields[3]),
                addressType: String(fields[4]),
                address: String(fields[5])
            )
        )
    }

    private mutating func parseConnection(_ value: Substring) throws(SDPError) {
        guard let address = ConnectionAddress(parsing: value) else {
            throw .malformed(field: .connection, line: lineNumber)
        }
        if session.media.isEmpty {
            session.connection = address
        } else {
            session.media[session.media.count - 1].connections.append(address)
        }
    }

    private mutating func parseMedia(_ value: Substring) throws(SDPError) {
        guard session.media.count < SDPLimits.mediaSections else { throw .tooManyMedia(line: lineNumber) }
        let fields = tokens(value)
        guard fields.count >= 3 else { throw .malformed(field: .media, line: lineNumber) }
        let (portText, countText) = halves(fields[1], at: "/")
        guard let port = decimal(portText, as: UInt16.self) else { throw .malformed(field: .media, line: lineNumber) }
        var portCount: Int?
        if let countText {
            guard let count = decimal(countText, as: UInt16.self) else {
                throw .malformed(field: .media, line: lineNumber)
            }
            portCount = Int(count)
        }
        session.media.append(
            MediaDescription(
                kind: MediaDescription.Kind(String(fields[0])),
                port: port,
                portCount: portCount,
                proto: TransportProtocol(String(fields[2])),
                formats: fields.dropFirst(3).map(String.init)
            )
        )
    }

    private mutating func parseTiming(_ value: Substring) {
        let fields = tokens(value)
        guard fields.count == 2, let start = decimal(fields[0], as: UInt64.self),
            let stop = decimal(fields[1], as: UInt64.self)
        else { return keep(SDPLine(type: "t", value: String(value))) }
        session.timing = Timing(start: start, stop: stop)
    }

    private mutating func add(bandwidth value: Substring) {
        let (type, number) = halves(value, at: ":")
        guard let number, let value = decimal(number, as: UInt64.self) else {
            return keep(SDPLine(type: "b", value: String(value)))
        }
        let bandwidth = Bandwidth(type: String(type), value: value)
        if session.media.isEmpty {
            session.bandwidths.append(bandwidth)
        } else {
            session.media[session.media.count - 1].bandwidths.append(bandwidth)
        }
    }

    private mutating func add(_ attribute: SDPAttribute) {
        if session.media.isEmpty {
            session.attributes.append(attribute)
        } else {
            session.media[session.media.count - 1].attributes.append(attribute)
        }
    }

    private mutating func keep(_ line: SDPLine) {
        if session.media.isEmpty {
            session.otherLines.append(line)
        } else {
            session.media[session.media.count - 1].otherLines.append(line)
        }
    }
}

extension ConnectionAddress {
    /// Reads the three fields of a `c=` line.
    init?(parsing value: Substring) {
        let fields = tokens(value)
        guard fields.count == 3 else { return nil }
        self.init(networkType: String(fields[0]), addressType: String(fields[1]), address: String(fields[2]))
    }
}
