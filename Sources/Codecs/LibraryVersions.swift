internal import COpus
internal import CVPX

/// The codec libraries this process runs with, by name and version.
package func codecLibraryVersions() -> [(name: String, version: String)] {
    let opus = unsafe String(cString: opus_get_version_string())
    let vpx = unsafe String(cString: vpx_codec_version_str())
    // libopus gives "libopus 1.3.1", libvpx "v1.12.0".
    return [
        ("libopus", opus.split(separator: " ").last.map(String.init) ?? opus),
        ("libvpx", vpx.hasPrefix("v") ? String(vpx.dropFirst()) : vpx),
    ]
}
