internal import Glibc
package import SansIO

/// The media loops of a process, one per core unless told otherwise.
///
/// A call is placed on one of them when it is made and never moves.
package struct MediaLoopGroup<Endpoint: DatagramEndpoint & SendableMetatype>: Sendable {
    package let loops: [MediaLoop<Endpoint>]

    /// Starts the loops.
    ///
    /// - Parameter count: How many; one per core by default.
    package init(count: Int? = nil, configuration: MediaLoopConfiguration = .init()) throws(ThreadError) {
        let count = count ?? Self.coreCount
        precondition(count > 0, "a group has at least one loop")
        var loops: [MediaLoop<Endpoint>] = []
        for index in 0..<count {
            loops.append(try MediaLoop(configuration: configuration, name: "media-\(index)"))
        }
        self.loops = loops
    }

    /// The loop with the fewest endpoints; the first of them on a tie.
    package var leastLoaded: MediaLoop<Endpoint> {
        loops.dropFirst().reduce(loops[0]) { $1.load < $0.load ? $1 : $0 }
    }

    /// Shuts down every loop; returns when their threads have ended.
    package func shutDown() async {
        for loop in loops { await loop.shutDown() }
    }

    private static var coreCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }
}
