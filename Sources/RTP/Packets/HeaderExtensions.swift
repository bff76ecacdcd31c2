package import SansIO

/// The local identifiers under which a session's `a=extmap` lines carry the extensions that we know.
package struct HeaderExtensionIdentifiers: Hashable, Sendable {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 8843 §15).
    package var mid: UInt8?
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`.
    package var absoluteSendTime: UInt8?
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    package var audioLevel: UInt8?
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`.
    package var transportSequenceNumber: UInt8?

    package init(
        mid: UInt8? = nil,
        absoluteSendTime: UInt8? = nil,
        audioLevel: UInt8? = nil,
        transportSequenceNumber: UInt8? = nil
    ) {
        self.mid = mid
        self.absoluteSendTime = absoluteSendTime
        self.audioLevel = audioLevel
        self.transportSequenceNumber = transportSequenceNumber
    }
}

/// How loud a packet is, as its sender says (RFC 6464 §3).
package struct AudioLevel: Hashable, Sendable {
    /// Whether the sender believes that the packet holds speech.
    package var voiceActivity: Bool
    /// Level in −dBov: 0 is the loudest, 127 is silence.
    package var attenuation: UInt8

    package init(voiceActivity: Bool, attenuation: UInt8) {
        self.voiceActivity = voiceActivity
        self.attenuation = min(attenuation, 127)
    }

    init(octet: UInt8) {
        voiceActivity = octet & 0x80 != 0
        attenuation = octet & 0x7F
    }

    var octet: UInt8 { (voiceActivity ? 0x80 : 0) | attenuation }
}

/// A send time in 24 bits of 6.18 fixed point seconds, which wraps every 64 s (abs-send-time).
package struct AbsoluteSendTime: Hashable, Sendable {
    /// The 24 bits on the wire.
    package var rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue & 0xFF_FFFF }

    /// Creates the form of a wall-clock time: bits 14 to 37 of the NTP format.
    package init(_ time: NTPTime) { self.init(rawValue: UInt32(truncatingIfNeeded: time.bits >> 14)) }
}

/// The values of the extensions that one packet carries.
///
/// The same type is filled by ``RTPHeader/extensions(_:in:)`` and taken by the writer.
package struct HeaderExtensionValues: Hashable, Sendable {
    package var absoluteSendTime: AbsoluteSendTime?
    package var audioLevel: AudioLevel?
    package var transportSequenceNumber: UInt16?

    package init(
        absoluteSendTime: AbsoluteSendTime? = nil,
        audioLevel: AudioLevel? = nil,
        transportSequenceNumber: UInt16? = nil
    ) {
        self.absoluteSendTime = absoluteSendTime
        self.audioLevel = audioLevel
        self.transportSequenceNumber = transportSequenceNumber
    }
}

extension RTPHeader {
    /// The extensions of the packet that have a fixed form; elements of a wrong length are left out.
    package func extensions(_ identifiers: HeaderExtensionIdentifiers, in bytes: RawSpan) -> HeaderExtensionValues {
        var values = HeaderExtensionValues()
        guard let headerExtension else { return values }
        if let id = identifiers.absoluteSendTime, let range = headerExtension.element(id, in: bytes), range.count == 3 {
            let high = UInt32(bytes.byte(at: range.lowerBound)) << 16
            let low = UInt32(bytes.uint16(at: range.lowerBound + 1))
            values.absoluteSendTime = AbsoluteSendTime(rawValue: high | low)
        }
        if let id = identifiers.audioLevel, let range = headerExtension.element(id, in: bytes), range.count >= 1 {
            values.audioLevel = AudioLevel(octet: bytes.byte(at: range.lowerBound))
        }
        if let id = identifiers.transportSequenceNumber, let range = headerExtension.element(id, in: bytes),
            range.count >= 2
        {
            values.transportSequenceNumber = bytes.uint16(at: range.lowerBound)
        }
        return values
    }

    /// The MID element's text, or `nil` without one.
    ///
    /// Makes a string: ask only while the SSRC is not yet bound to a media section (RFC 8843 §9.2).
    package func mid(_ identifiers: HeaderExtensionIdentifiers, in bytes: RawSpan) -> String? {
        guard let id = identifiers.mid, let range = headerExtension?.element(id, in: bytes), !range.isEmpty else {
            return nil
        }
        return String(validating: bytes.extracting(range).copied(), as: UTF8.self)
    }
}
