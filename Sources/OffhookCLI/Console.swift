internal import Foundation

/// Standard error, for people; standard output is for machines.
enum Console {
    /// Writes one line.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
