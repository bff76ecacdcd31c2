import SansIO
import Testing

@Suite("Sequence numbers, RFC 3550 appendix A.1")
struct SequenceNumberTests {
    @Test("are newer across the wrap")
    func wrap() {
        #expect(SequenceNumber(2).isNewer(than: SequenceNumber(65_534)))
        #expect(SequenceNumber(65_534).distance(after: SequenceNumber(2)) == -4)
    }

    @Test("extend over wraps and reordering without going back a cycle")
    func extension64() {
        var extender = SequenceExtender()

        let extended = [65_534, 65_535, 1, 0, 65_533, 2].map { extender.extend(SequenceNumber($0)) }

        #expect(extended == [131_070, 131_071, 131_073, 131_072, 131_069, 131_074])
    }

    @Test("of a first packet leave room for older ones")
    func olderThanFirst() {
        var extender = SequenceExtender()

        #expect(extender.extend(SequenceNumber(0)) == 65_536)
        #expect(extender.extend(SequenceNumber(65_535)) == 65_535)
    }
}

@Suite("Times")
struct TimeTests {
    @Test("of NTP survive the round trip to a nanosecond", arguments: [0, 1, 1_700_000_000_123_456_789] as [Int64])
    func ntp(unix: Int64) {
        let time = NTPTime(unixNanoseconds: unix)

        #expect(abs(time.unixNanoseconds - unix) <= 1)
    }

    @Test("of a timer table come out in order, each once")
    func timers() {
        var timers = TimerTable<String>()
        timers.set("b", at: MonotonicTime(nanoseconds: 20))
        timers.set("a", at: MonotonicTime(nanoseconds: 10))
        timers.set("b", at: MonotonicTime(nanoseconds: 15))

        #expect(timers.nextDeadline == MonotonicTime(nanoseconds: 10))
        #expect(timers.popExpired(at: MonotonicTime(nanoseconds: 9)) == nil)
        #expect(timers.popExpired(at: MonotonicTime(nanoseconds: 15)) == "a")
        #expect(timers.popExpired(at: MonotonicTime(nanoseconds: 15)) == "b")
        #expect(timers.popExpired(at: MonotonicTime(nanoseconds: 15)) == nil)
        #expect(timers.isEmpty)
    }
}

@Suite("Octets")
struct OctetTests {
    @Test("are read back as they were written, and a short read moves nothing")
    func roundTrip() {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(UInt16(0x0203))
        writer.writeUInt24(0x040506)
        writer.write(UInt32(0x0708_090A))
        writer.write(UInt64(0x0B0C_0D0E_0F10_1112))
        let buffer = PacketBuffer(writer.bytes)

        var reader = ByteReader(buffer.bytes)

        #expect(reader.readUInt8() == 1)
        #expect(reader.readUInt16() == 0x0203)
        #expect(reader.readUInt24() == 0x040506)
        #expect(reader.readUInt32() == 0x0708_090A)
        #expect(reader.readUInt64() == 0x0B0C_0D0E_0F10_1112)
        #expect(reader.readUInt8() == nil)
        #expect(reader.offset == 18)
    }

    @Test("of a recycled buffer are gone")
    func pool() {
        let pool = PacketPool()
        let buffer = pool.take()
        buffer.append(UInt32(7))

        pool.recycle(buffer)

        #expect(pool.take().count == 0)
        #expect(pool.allocations == 1)
    }

    @Test("of a secret do not show")
    func redaction() {
        let secret = Redacted("hunter2")

        #expect(!"\(secret)".contains("hunter2"))
        #expect(!String(reflecting: secret).contains("hunter2"))
    }

    @Test("queued come out in order")
    func queue() {
        var queue = OutputQueue<Int>()
        queue.append(1)
        queue.append(2)

        #expect(queue.popFirst() == 1)
        queue.append(3)
        #expect(queue.popFirst() == 2)
        #expect(queue.popFirst() == 3)
        #expect(queue.popFirst() == nil)
    }
}
