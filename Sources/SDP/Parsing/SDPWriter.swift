/// Writes a description in the order RFC 8866 §5 demands.
struct SDPWriter {
    private(set) var text = ""

    mutating func write(_ session: SessionDescription) {
        let origin = session.origin
        line("v", "0")
        line("o", "\(origin.username) \(origin.sessionID) \(origin.sessionVersion) \(fields(origin.address))")
        line("s", session.sessionName.isEmpty ? "-" : session.sessionName)
        write(session.otherLines) { "iuep".unicodeScalars.contains($0) }
        if let connection = session.connection { line("c", fields(connection)) }
        write(session.bandwidths)
        write(session.otherLines) { $0 == "b" }
        line("t", "\(session.timing.start) \(session.timing.stop)")
        write(session.otherLines) { !"iuepb".unicodeScalars.contains($0) }
        write(session.attributes)
        for media in session.media { write(media) }
    }

    private mutating func write(_ media: MediaDescription) {
        let port = media.portCount.map { "\(media.port)/\($0)" } ?? "\(media.port)"
        let fields = [media.kind.description, port, media.proto.rawValue] + media.formats
        line("m", fields.joined(separator: " "))
        write(media.otherLines) { $0 == "i" }
        for connection in media.connections { line("c", self.fields(connection)) }
        write(media.bandwidths)
        write(media.otherLines) { $0 != "i" }
        write(media.attributes)
    }

    private mutating func write(_ bandwidths: [Bandwidth]) {
        for bandwidth in bandwidths { line("b", "\(bandwidth.type):\(bandwidth.value)") }
    }

    private mutating func write(_ attributes: [SDPAttribute]) {
        for attribute in attributes {
            line("a", attribute.value.map { "\(attribute.name):\($0)" } ?? attribute.name)
        }
    }

    /// Writes the lines whose type fulfils the condition; those without a type come out with NUL, so among the last.
    private mutating func write(_ lines: [SDPLine], where condition: (Unicode.Scalar) -> Bool) {
        for other in lines where condition(other.type ?? "\0") {
            if let type = other.type {
                line(type, other.value)
            } else {
                append(other.value)
            }
        }
    }

    private mutating func line(_ type: Unicode.Scalar, _ value: String) {
        text.unicodeScalars.append(type)
        text += "="
        append(value)
    }

    /// Writes the rest of a line; what would end it early is left out, so that no value can add lines.
    private mutating func append(_ value: String) {
        text.unicodeScalars.append(contentsOf: value.unicodeScalars.filter { $0 != "\r" && $0 != "\n" && $0 != "\0" })
        text += "\r\n"
    }

    private func fields(_ address: ConnectionAddress) -> String {
        "\(address.networkType) \(address.addressType) \(address.address)"
    }
}
