/// A secret that does not show itself when printed, interpolated, logged or dumped.
///
/// Passwords, ICE passwords, keys and credentials travel in it; ``exposed`` marks each place that needs the value.
public struct Redacted<Value> {
    /// The secret itself.
    public var exposed: Value

    /// Wraps a secret.
    public init(_ value: Value) { exposed = value }
}

extension Redacted: Sendable where Value: Sendable {}
extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A placeholder.
    public var description: String { "‹redacted›" }
    /// A placeholder.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
