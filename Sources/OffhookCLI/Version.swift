internal import Codecs
internal import DTLS
internal import MediaFiles
internal import SRTP

/// What `offhook --version` prints: its own version and those of the C libraries it runs on.
enum Version {
    static var text: String {
        var lines = ["offhook \(number)", "openssl \(openSSLVersion())", "libsrtp \(srtpLibraryVersion())"]
        for library in codecLibraryVersions() + mediaLibraryVersions() {
            lines.append("\(library.name) \(library.version)")
        }
        return lines.joined(separator: "\n")
    }

    static let number = "0.1.0-dev"
}
