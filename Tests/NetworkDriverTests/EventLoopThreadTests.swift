internal import Glibc
internal import NIOConcurrencyHelpers
internal import SansIO
internal import Testing

@testable import NetworkDriver

@Suite("Event loop thread", .timeLimit(.minutes(1)))
struct EventLoopThreadTests {
    private actor Counter {
        private nonisolated let thread: EventLoopThread
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
        private(set) var count = 0

        init(thread: EventLoopThread) { self.thread = thread }

        func increment() {
            precondition(thread.isOnLoop)
            count += 1
        }
    }

    @Test("loses no job and runs one at a time, before, while and after it stops")
    func jobsAroundTheEnd() async throws {
        for _ in 0..<20 {
            let thread = try EventLoopThread()
            try thread.start(name: "jobs") { _ in .init(quietUntil: .zero, deadline: nil) }
            let counter = Counter(thread: thread)

            await withTaskGroup { group in
                for index in 0..<200 {
                    group.addTask {
                        if index == 100 { thread.stop() }
                        await counter.increment()
                    }
                }
            }

            #expect(await counter.count == 200)
        }
    }

    @Test("turns at its deadline without a job, and at a job without a deadline")
    func turns() async throws {
        let thread = try EventLoopThread()
        let (stream, continuation) = AsyncStream.makeStream(of: MonotonicTime.self)
        let deadline = SystemClock.now + .milliseconds(10)
        try thread.start(name: "turns") { _ in
            continuation.yield(SystemClock.now)
            return .init(quietUntil: .zero, deadline: SystemClock.now < deadline ? deadline : nil)
        }
        var iterator = stream.makeAsyncIterator()

        #expect(try #require(await iterator.next(isolation: #isolation)) < deadline)
        #expect(try #require(await iterator.next(isolation: #isolation)) >= deadline)
        thread.execute {}
        #expect(await iterator.next(isolation: #isolation) != nil)
        thread.stop()
    }

    @Test("input waits while the loop is quiet, jobs do not")
    func quiet() async throws {
        let thread = try EventLoopThread()
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt64].self)
        var ports = PortAllocator(range: nil)
        let socket = try UDPSocket(
            ip: .v4(0x7F00_0001),
            ports: &ports,
            bufferSize: 65536,
            use: .shared(0),
            token: 7
        )
        let isWatched = thread.watch(socket.descriptor, token: socket.token)
        #expect(isWatched)
        sendRaw([1], to: socket.local)
        let isQuiet = NIOLockedValueBox(true)
        try thread.start(name: "quiet") { ready in
            continuation.yield(ready)
            let rest = isQuiet.withLockedValue { $0 } ? Duration.seconds(60) : .zero
            return .init(quietUntil: SystemClock.now + rest, deadline: nil)
        }
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next(isolation: #isolation) == [])

        thread.execute {}
        #expect(await iterator.next(isolation: #isolation) == [], "woken by the job, in the quiet")
        thread.execute { isQuiet.withLockedValue { $0 = false } }
        #expect(await iterator.next(isolation: #isolation) == [], "woken by the job that ends the quiet")
        #expect(await iterator.next(isolation: #isolation) == [7])
        thread.stop()
    }

    @Test("a named thread has its name and niceness")
    func namedThread() throws {
        let seen = NIOLockedValueBox<(String, CInt)>(("", 0))

        let thread = try NamedThread(name: "worker-with-a-long-name", niceness: 5) {
            let file = unsafe FileDescriptor(open("/proc/thread-self/comm", O_RDONLY))
            var name = [UInt8](repeating: 0, count: 16)
            let length = unsafe read(file.number, &name, name.count)
            let text = String(decoding: name.prefix(max(0, length - 1)), as: UTF8.self)  // less the newline
            let niceness = getpriority(CInt(PRIO_PROCESS.rawValue), 0)
            seen.withLockedValue { $0 = (text, niceness) }
        }
        thread.join()

        #expect(seen.withLockedValue { $0.0 } == "worker-with-a-l")
        #expect(seen.withLockedValue { $0.1 } == 5)
    }
}
