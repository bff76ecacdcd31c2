/// Why a call, a message or a registration ended, in JsSIP's words.
public enum SIPCause: String, Sendable, CaseIterable {
    /// The transport failed.
    case connectionError = "Connection Error"
    /// No response within 32 s, or a session timer ran out.
    case requestTimeout = "Request Timeout"
    /// A status code without a cause of its own.
    case sipFailureCode = "SIP Failure Code"
    /// A dialog could not be made, or answering failed within.
    case internalError = "Internal Error"
    /// 486, 600.
    case busy = "Busy"
    /// 403, 603, or an incoming call refused here.
    case rejected = "Rejected"
    /// 300, 301, 302, 305, 380.
    case redirected = "Redirected"
    /// 480, 410, 408 to an INVITE, 430.
    case unavailable = "Unavailable"
    /// 404, 604.
    case notFound = "Not Found"
    /// 484, 424.
    case addressIncomplete = "Address Incomplete"
    /// 488, 606.
    case incompatibleSDP = "Incompatible SDP"
    /// The ACK lacked the description it owed.
    case missingSDP = "Missing SDP"
    /// 401, 407.
    case authenticationError = "Authentication Error"
    /// BYE from either side.
    case terminated = "Terminated"
    /// The media engine failed.
    case webRTCError = "WebRTC Error"
    /// CANCEL from either side.
    case canceled = "Canceled"
    /// `no_answer_timeout`.
    case noAnswer = "No Answer"
    /// The INVITE's Expires.
    case expires = "Expires"
    /// 32 s without an ACK.
    case noACK = "No ACK"
    /// 408 or 481 within a dialog.
    case dialogError = "Dialog Error"
    /// No local media.
    case userDeniedMediaAccess = "User Denied Media Access"
    /// The description in a 200 or ACK is unusable.
    case badMediaDescription = "Bad Media Description"
    /// ICE failed.
    case rtpTimeout = "RTP Timeout"

    /// The cause of a final failure response to an out-of-dialog request.
    package init(statusCode: Int) {
        self =
            switch statusCode {
            case 486, 600: .busy
            case 403, 603: .rejected
            case 300, 301, 302, 305, 380: .redirected
            case 480, 410, 408, 430: .unavailable
            case 404, 604: .notFound
            case 484, 424: .addressIncomplete
            case 488, 606: .incompatibleSDP
            case 401, 407: .authenticationError
            default: .sipFailureCode
            }
    }
}

/// Who brought something about.
public enum Originator: String, Sendable {
    /// This user agent.
    case local
    /// The peer.
    case remote
    /// A timer or the transport.
    case system
}
