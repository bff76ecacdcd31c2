/// The randomness handed to a core, behind one concrete type so that cores need not be generic over it.
///
/// Production wraps the system's generator, tests a ``SplitMix64``. Not `Sendable`: each owner has its own.
package struct RandomSource: RandomNumberGenerator {
    private var generator: any RandomNumberGenerator

    package init(_ generator: any RandomNumberGenerator) { self.generator = generator }

    /// A reproducible source.
    package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    package mutating func next() -> UInt64 { generator.next() }

    /// A source for another owner: the system's generator again, or for a seeded one a sequence of its own.
    ///
    /// Seeding a new generator with one draw would leave 64 bits of a secret; the system's is therefore shared.
    package mutating func fork() -> RandomSource {
        generator is SystemRandomNumberGenerator ? self : RandomSource(seed: next())
    }

    /// `count` random octets.
    package mutating func bytes(count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// `count` characters out of `alphabet`, which must not be empty.
    package mutating func string(count: Int, alphabet: String = Self.alphanumerics) -> String {
        let characters = Array(alphabet.utf8)
        precondition(!characters.isEmpty, "a random string needs an alphabet")
        return String(
            decoding: (0..<count).map { _ in characters[Int.random(in: 0..<characters.count, using: &self)] },
            as: UTF8.self
        )
    }

    /// Letters and digits: legal in SIP tokens, ICE credentials (RFC 8839 §5.4 ice-char) and file names.
    package static let alphanumerics = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    /// Lower-case letters and digits, for case-insensitive identifiers.
    package static let base36 = "abcdefghijklmnopqrstuvwxyz0123456789"
}
