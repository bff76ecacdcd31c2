/// A request to the plain HTTP side of a ``WebSocketServer``.
package struct HTTPRequest: Sendable, Equatable {
    package enum Method: Sendable, Equatable { case get, post }

    package let method: Method
    /// The path as sent, without the query.
    package let path: String
    /// What follows the question mark.
    package let query: String?
    /// The body of a POST.
    package let body: [UInt8]
}

/// The answer to an ``HTTPRequest``.
package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A line of text.
    package init(status: Int, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
    }
}

/// Answers HTTP requests; `nil` becomes 404.
///
/// Runs as a task, off the event loop; one at a time per connection.
package typealias HTTPRoute = @Sendable (HTTPRequest) async -> HTTPResponse?
