public import SansIO

/// Session-level values hold for each media section that has none of its own (RFC 8866 §6).
extension SessionDescription {
    /// The BUNDLE groups.
    public var bundleGroups: [MediaGroup] { groups.filter { $0.semantics == .bundle } }

    /// The ICE user name fragment that applies to a section.
    public func iceUfrag(for media: MediaDescription) -> String? { media.iceUfrag ?? iceUfrag }

    /// The ICE password that applies to a section.
    public func icePwd(for media: MediaDescription) -> Redacted<String>? { media.icePwd ?? icePwd }

    /// The ICE options that apply to a section.
    public func iceOptions(for media: MediaDescription) -> [String] {
        media.iceOptions.isEmpty ? iceOptions : media.iceOptions
    }

    /// The fingerprints that apply to a section.
    public func fingerprints(for media: MediaDescription) -> [FingerprintAttribute] {
        media.fingerprints.isEmpty ? fingerprints : media.fingerprints
    }

    /// The DTLS role that applies to a section.
    public func setup(for media: MediaDescription) -> SetupRole? { media.setup ?? setup }

    /// The direction that applies to a section; `sendrecv` unless something else is written (RFC 8866 §6.7).
    public func direction(for media: MediaDescription) -> MediaDirection { media.direction ?? direction ?? .sendrecv }

    /// The address that applies to a section.
    public func connection(for media: MediaDescription) -> ConnectionAddress? { media.connections.first ?? connection }

    /// Whether one-byte and two-byte header extensions may be mixed in a section.
    public func allowsMixedExtensions(for media: MediaDescription) -> Bool {
        media.allowsMixedExtensions || allowsMixedExtensions
    }
}
