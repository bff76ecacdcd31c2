internal import Glibc

/// A file descriptor that is closed with its owner.
struct FileDescriptor: ~Copyable {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { _ = close(number) }
}
