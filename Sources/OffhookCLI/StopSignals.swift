internal import Glibc
internal import NetworkDriver

/// SIGINT and SIGTERM, waited for instead of handled.
///
/// Make one before any other thread starts: threads inherit the mask that keeps the signals for ``wait()``.
struct StopSignals {
    init() {
        var set = Self.set
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // A shell starts background jobs with SIGINT ignored, and what is ignored is never waited for with success.
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }

    /// Returns at the first of the signals.
    func wait() async {
        await withCheckedContinuation { continuation in
            _ = try? NamedThread(name: "signals") {
                var set = Self.set
                var signal: Int32 = 0
                unsafe sigwait(&set, &signal)
                continuation.resume()
            }
        }
    }

    private static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGINT)
        unsafe sigaddset(&set, SIGTERM)
        return set
    }
}
