package import SansIO

/// The short-term credentials of one side and one generation (RFC 8445 §5.3).
package struct ICECredentials: Hashable, Sendable {
    package var usernameFragment: String
    package var password: Redacted<String>

    package init(usernameFragment: String, password: Redacted<String>) {
        self.usernameFragment = usernameFragment
        self.password = password
    }

    /// New credentials.
    ///
    /// Eight and 24 characters are 47 and 142 random bits; RFC 8445 §5.3 wants 24 and 128.
    package init(random: inout RandomSource) {
        usernameFragment = random.string(count: 8)
        password = Redacted(random.string(count: 24))
    }

    /// The key of the integrity attribute.
    var key: [UInt8] { Array(password.exposed.utf8) }
}
