internal import CLinux
internal import Glibc

/// A thread of ours, with a name for `ps -L` and a niceness.
package struct NamedThread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body` once.
    ///
    /// - Parameters:
    ///   - name: At most 15 characters are kept.
    ///   - niceness: 0 to 19; workers that must not disturb the media loops take 5.
    package init(name: String, niceness: Int = 0, body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let start = Start(name: name, niceness: niceness, body: body)
        // The new thread takes over this retain, or we do again when there is no new thread.
        let context = unsafe Unmanaged.passRetained(start)
        var handle = pthread_t()
        let status = unsafe pthread_create(
            &handle,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard status == 0 else {
            unsafe context.release()
            throw ThreadError(code: status)
        }
        self.handle = handle
    }

    /// Waits until the thread has ended; call once.
    package func join() { _ = pthread_join(handle, nil) }

    private final class Start: Sendable {
        private let name: String
        private let niceness: Int
        private let body: @Sendable () -> Void

        init(name: String, niceness: Int, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.niceness = niceness
            self.body = body
        }

        func run() {
            unsafe name.withCString { unsafe clinux_set_thread_name($0) }
            if niceness != 0 { _ = clinux_set_thread_niceness(CInt(niceness)) }
            body()
        }
    }
}

/// The system refused a thread.
package struct ThreadError: Error, Equatable {
    /// The errno value.
    package let code: Int32
}
