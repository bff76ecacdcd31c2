internal import Glibc

/// The note beside a recording in progress, from which a later start knows what was interrupted.
///
/// Lines of `key: value` in UTF-8, the first one naming the format. It exists exactly as long as the `.part` file does.
package struct RecordingJournal: Sendable, Equatable {
    /// What the file is: the container's name, the tracks, and what the recorder adds (call, start time).
    package var entries: [Entry]

    /// One line.
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var value: String

        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    private static let firstLine = "offhook-recording 1"

    package init(entries: [Entry]) { self.entries = entries }

    /// Reads a journal; `nil` when the text is not one.
    ///
    /// Lines without a colon are passed over.
    package init?(parsing text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.first == Self.firstLine[...] else { return nil }
        entries = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...]
            return Entry(String(line[..<colon]), String(value.drop { $0 == " " }))
        }
    }

    /// The value of the first line with this key.
    package subscript(key key: String) -> String? { entries.first { $0.key == key }?.value }

    /// The text; line breaks within a value become spaces.
    package var text: String {
        let lines = entries.map { entry in
            "\(Self.oneLine(entry.key).replacing(":", with: "-")): \(Self.oneLine(entry.value))"
        }
        return ([Self.firstLine] + lines).joined(separator: "\n") + "\n"
    }

    /// The path of the file while it is being written.
    package static func partialPath(for path: String) -> String { path + ".part" }

    /// The path of the journal beside it.
    package static func journalPath(for path: String) -> String { path + ".journal" }

    /// Writes the journal for the recording at `path`, mode 0600.
    func write(for path: String, replacing: Bool) throws(RecordingError) {
        let journalPath = Self.journalPath(for: path)
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (replacing ? O_TRUNC : O_EXCL)
        let descriptor = unsafe open(journalPath, flags, mode_t(S_IRUSR | S_IWUSR))
        guard descriptor >= 0 else {
            let code = errno
            if code == EEXIST { throw .alreadyExists(path: journalPath) }
            throw .cannotCreate(path: journalPath, reason: MediaLibraries.message(-code))
        }
        let bytes = Array(text.utf8)
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let code = written < 0 ? errno : EIO
        let isClosed = close(descriptor) == 0
        guard written == bytes.count, isClosed else {
            _ = unsafe unlink(journalPath)
            if code == ENOSPC || code == EDQUOT { throw .diskFull(path: journalPath) }
            throw .cannotCreate(path: journalPath, reason: MediaLibraries.message(-code))
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
