/// An endpoint on its media loop; never used again after the endpoint is gone.
package struct EndpointID: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32
}
