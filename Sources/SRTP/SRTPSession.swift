internal import CSRTP
package import SansIO

/// The sending half of an SRTP session (RFC 3711, RFC 7714).
///
/// Owns its libsrtp context and frees it once. Confined to the call's loop.
@safe package struct SRTPSender: ~Copyable {
    private let context: srtp_t

    /// - Parameter keying: Master key, then master salt.
    package init(profile: SRTPProfile, keying: Redacted<[UInt8]>) throws(SRTPError) {
        unsafe context = try SRTPContext.make(profile, keying.exposed, direction: ssrc_any_outbound)
    }

    deinit { unsafe SRTPContext.free(context) }

    /// Encrypts and authenticates an RTP packet in place; it grows by the tag.
    package mutating func protect(_ packet: PacketBuffer) throws(SRTPError) {
        try unsafe SRTPContext.run(packet, grows: true) { unsafe srtp_protect(context, $0, $1) }
    }

    /// Encrypts and authenticates a compound RTCP packet in place; it grows by the tag and the index.
    package mutating func protectRTCP(_ packet: PacketBuffer) throws(SRTPError) {
        try unsafe SRTPContext.run(packet, grows: true) { unsafe srtp_protect_rtcp(context, $0, $1) }
    }
}

/// The receiving half of an SRTP session.
///
/// Owns its libsrtp context and frees it once. Confined to the call's loop.
@safe package struct SRTPReceiver: ~Copyable {
    private let context: srtp_t

    /// - Parameter keying: Master key, then master salt.
    package init(profile: SRTPProfile, keying: Redacted<[UInt8]>) throws(SRTPError) {
        unsafe context = try SRTPContext.make(profile, keying.exposed, direction: ssrc_any_inbound)
    }

    deinit { unsafe SRTPContext.free(context) }

    /// Authenticates and decrypts an RTP packet in place.
    ///
    /// Allocates nothing, unless the packet is the first of its SSRC. After an error the contents are unspecified.
    package mutating func unprotect(_ packet: PacketBuffer) throws(SRTPError) {
        try unsafe SRTPContext.run(packet, grows: false) { unsafe srtp_unprotect(context, $0, $1) }
    }

    /// Authenticates and decrypts a compound RTCP packet in place.
    package mutating func unprotectRTCP(_ packet: PacketBuffer) throws(SRTPError) {
        try unsafe SRTPContext.run(packet, grows: false) { unsafe srtp_unprotect_rtcp(context, $0, $1) }
    }
}

/// What both halves share: making a context, calling into it, naming its complaints.
private enum SRTPContext {
    static func make(
        _ profile: SRTPProfile,
        _ keying: [UInt8],
        direction: srtp_ssrc_type_t
    ) throws(SRTPError) -> srtp_t {
        precondition(libraryIsReady, "srtp_init failed")
        guard keying.count == profile.keyLength + profile.saltLength else { throw .keying }
        var key = keying
        var context: srtp_t?
        let status = unsafe key.withUnsafeMutableBufferPointer { key in
            var policy = unsafe srtp_policy_t()
            let code = srtp_profile_t(UInt32(profile.rawValue))
            guard unsafe srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, code) == srtp_err_status_ok,
                unsafe srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, code) == srtp_err_status_ok
            else { return srtp_err_status_bad_param }
            unsafe policy.ssrc.type = direction
            unsafe policy.window_size = replayWindow
            unsafe policy.key = key.baseAddress  // copied before srtp_create returns
            return unsafe srtp_create(&context, &policy)
        }
        for index in key.indices { key[index] = 0 }
        guard status == srtp_err_status_ok, let context = unsafe context else { throw error(status) }
        return unsafe context
    }

    static func free(_ context: srtp_t) {
        _ = unsafe srtp_dealloc(context)
    }

    /// Runs one of libsrtp's four in-place functions on a packet.
    static func run(
        _ packet: PacketBuffer,
        grows: Bool,
        _ function: (UnsafeMutableRawPointer, UnsafeMutablePointer<Int32>) -> srtp_err_status_t
    ) throws(SRTPError) {
        guard packet.count >= minimumLength else { throw .malformed }
        guard !grows || packet.count + Int(SRTP_MAX_TRAILER_LEN) + 4 <= PacketBuffer.capacity else { throw .tooLong }
        var length = Int32(packet.count)
        let status = unsafe packet.withUnsafeMutableBlock { block in
            guard let address = block.baseAddress else { return srtp_err_status_bad_param }
            return unsafe function(address, &length)
        }
        guard status == srtp_err_status_ok else { throw error(status) }
        packet.count = Int(length)
    }

    private static func error(_ status: srtp_err_status_t) -> SRTPError {
        switch status {
        case srtp_err_status_replay_fail: .replayed
        case srtp_err_status_replay_old: .tooOld
        case srtp_err_status_auth_fail: .authenticationFailed
        case srtp_err_status_parse_err, srtp_err_status_bad_param: .malformed
        default: .library(status.rawValue)
        }
    }

    /// The fixed part of an RTCP packet with its SSRC; an RTP header is longer.
    private static let minimumLength = 8
    /// Four times what RFC 3711 §3.3.2 asks for at least: video bursts are reordered by more than 64 packets.
    private static let replayWindow: UInt = 256

    private static let libraryIsReady = srtp_init() == srtp_err_status_ok
}

/// The version of libsrtp, for `--version`.
package func srtpLibraryVersion() -> String {
    unsafe String(cString: srtp_get_version_string())
}
