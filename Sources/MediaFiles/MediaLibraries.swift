internal import CFFmpeg

/// The FFmpeg libraries as a whole: their log, their error texts, their versions.
enum MediaLibraries {
    /// Routes the libraries' log away from stderr, once per process; touched before anything else is called.
    static let isSilenced: Bool = {
        offhook_av_log_silence()
        return true
    }()

    /// The library's text for a negative result; those of system calls are negated `errno` values.
    static func message(_ code: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { buffer in
            unsafe buffer.initialize(repeating: 0)
            guard let base = buffer.baseAddress else { return "error \(code)" }
            _ = unsafe av_strerror(code, base, buffer.count)
            return unsafe String(cString: base)
        }
    }

    static func version(_ packed: UInt32) -> String { "\(packed >> 16).\((packed >> 8) & 0xFF).\(packed & 0xFF)" }

    /// Runs `body` with the options in a dictionary, from which the library takes out those it knows.
    ///
    /// - Returns: The result of `body`, and the names of the options left over.
    static func withOptions(
        _ options: [(name: String, value: String)],
        _ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) -> (status: Int32, unknown: [String]) {
        var dictionary: OpaquePointer?
        defer { unsafe av_dict_free(&dictionary) }
        for option in options {
            let status = unsafe av_dict_set(&dictionary, option.name, option.value, 0)
            guard status >= 0 else { return (status, []) }
        }
        let status = unsafe body(&dictionary)
        let unknown = options.filter { unsafe av_dict_get(dictionary, $0.name, nil, 0) != nil }
        return (status, unknown.map(\.name))
    }
}

/// The FFmpeg libraries this process runs with, by name and version.
package func mediaLibraryVersions() -> [(name: String, version: String)] {
    [
        ("libavformat", MediaLibraries.version(avformat_version())),
        ("libavcodec", MediaLibraries.version(avcodec_version())),
        ("libavutil", MediaLibraries.version(avutil_version())),
        ("libswresample", MediaLibraries.version(swresample_version())),
        ("libswscale", MediaLibraries.version(swscale_version())),
    ]
}
