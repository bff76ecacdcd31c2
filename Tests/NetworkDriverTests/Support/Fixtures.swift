private import Foundation

/// Files of the tests.
///
/// The certificates are made for these tests and expire in 2126: `ca.pem` is the authority, and `server.pem` with its
/// key names `localhost` and 127.0.0.1.
enum Fixtures {
    static func certificate(_ name: String) -> String? {
        Bundle.module.url(forResource: name, withExtension: "pem", subdirectory: "Certificates")?.path
    }
}
