import Foundation
import SIPMessages
import SansIO
import Testing

/// The messages of RFC 4475, byte for byte.
enum TortureMessage {
    static func bytes(_ name: String) throws -> [UInt8] {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "dat", subdirectory: "Vectors/rfc4475")
        )
        return [UInt8](try Data(contentsOf: url))
    }

    static func request(_ name: String) throws -> SIPRequest {
        guard case .message(.request(let request)) = SIPMessageParser.parse(try bytes(name)) else {
            throw NotARequest()
        }
        return request
    }

    struct NotARequest: Error {}

    static let valid = [
        "wsinv", "intmeth", "esc01", "escnull", "esc02", "lwsdisp", "longreq", "dblreq", "semiuri", "transports",
        "mpart01", "unreason", "noreason", "badbranch", "unkscm", "novelsc", "unksm2", "bext01", "invut", "regaut01",
        "bcast", "zeromf", "cparam01", "cparam02", "regescrt", "sdp01", "inv2543", "baddate",
    ]
    static let rejected = [
        "badinv01", "clerr", "ncl", "scalar02", "quotbal", "ltgtruri", "lwsruri", "lwsstart", "trws", "escruri",
        "regbadct", "badaspec", "baddn", "mismatch01", "mismatch02", "insuf", "multi01", "mcl01",
    ]
    static let discarded = ["scalarlg", "bigcode"]
}

@Suite("Torture messages, RFC 4475")
struct TortureTests {
    @Test("that are sound, or wrong only to a user agent, are parsed", arguments: TortureMessage.valid)
    func accepted(name: String) throws {
        let result = SIPMessageParser.parse(try TortureMessage.bytes(name))

        guard case .message = result else {
            Issue.record("\(name): \(result)")
            return
        }
    }

    @Test("that are broken earn a 400", arguments: TortureMessage.rejected)
    func rejected(name: String) throws {
        let result = SIPMessageParser.parse(try TortureMessage.bytes(name))

        guard case .rejected(let response, _) = result else {
            Issue.record("\(name): \(result)")
            return
        }
        #expect(response.statusCode == 400)
    }

    @Test("of another version earn a 505")
    func version() throws {
        guard case .rejected(let response, _) = SIPMessageParser.parse(try TortureMessage.bytes("badvers")) else {
            Issue.record("not rejected")
            return
        }
        #expect(response.statusCode == 505)
    }

    @Test("that are broken responses are dropped", arguments: TortureMessage.discarded)
    func discarded(name: String) throws {
        guard case .discarded = SIPMessageParser.parse(try TortureMessage.bytes(name)) else {
            Issue.record("\(name) was not dropped")
            return
        }
    }

    @Test("are all forty-nine")
    func complete() {
        #expect(TortureMessage.valid.count + TortureMessage.rejected.count + TortureMessage.discarded.count + 1 == 49)
    }

    @Test("§3.1.1.1 wsinv: folding, blanks and compact names are undone")
    func wsinv() throws {
        let request = try TortureMessage.request("wsinv")

        #expect(request.headers.to?.tag == "1918181833n")
        #expect(request.headers.to?.uri.sipURI?.user == "vivekg")
        #expect(request.headers.maxForwards == 68)
        #expect(request.headers.cSeq == CSeq(number: 9, method: .invite))
        #expect(request.headers.vias.map(\.host) == ["192.0.2.2", "spindle.example.com", "192.168.255.111"])
        #expect(request.headers.vias.map(\.branch) == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"])
        #expect(request.headers.contact?.displayName == "Quoted string \"\"")
        #expect(request.headers.contact?.parameters["secondparam"] == nil)
        #expect(request.headers.contact?.parameters.contains("secondparam") == true)
        #expect(request.headers["NewFangledHeader"] == "newfangled value continued newfangled value")
        #expect(request.headers["Subject"] == "")
    }

    @Test("§3.1.1.3 esc01: escaped characters stay distinct from what they escape")
    func esc01() throws {
        let request = try TortureMessage.request("esc01")

        #expect(request.uri.sipURI?.user == "sips:user@example.com")
        #expect(request.uri.description == "sip:sips%3Auser%40example.com@example.net")
    }

    @Test("§3.1.1.4 escnull: two different numbers of escaped NULs are two users")
    func escnull() throws {
        let request = try TortureMessage.request("escnull")
        guard case .addresses(let contacts) = request.headers.contacts else {
            Issue.record("no contacts")
            return
        }

        #expect(contacts.count == 2)
        #expect(contacts[0].uri.sipURI?.user != contacts[1].uri.sipURI?.user)
    }

    @Test("§3.1.1.5 esc02: a percent sign in a method is itself")
    func esc02() throws {
        #expect(try TortureMessage.request("esc02").method == SIPMethod("RE%47IST%45R"))
    }

    @Test("§3.1.1.8 dblreq: the first message counts, what follows is ignored")
    func dblreq() throws {
        let request = try TortureMessage.request("dblreq")

        #expect(request.method == .register)
        #expect(request.body.isEmpty)
    }

    @Test("§3.1.1.9 semiuri: the semicolon belongs to the user part")
    func semiuri() throws {
        let uri = try #require(try TortureMessage.request("semiuri").uri.sipURI)

        #expect(uri.user == "user;par=u@example.net")
        #expect(uri.parameters.isEmpty)
    }

    @Test("§3.1.1.11 mpart01: a binary body keeps its octets")
    func mpart01() throws {
        let bytes = try TortureMessage.bytes("mpart01")
        let request = try TortureMessage.request("mpart01")

        #expect(request.body.count == request.headers["Content-Length"].flatMap { Int($0) })
        #expect(Array(bytes.suffix(request.body.count)) == request.body)
    }

    @Test("§3.2.1 badbranch: the bare magic cookie is no branch")
    func badbranch() throws {
        #expect(try #require(try TortureMessage.request("badbranch").headers.topVia).branch == nil)
    }

    @Test("§3.3.12 and 13: without brackets a parameter belongs to the header, within them to the URI")
    func contactParameters() throws {
        let outside = try #require(try TortureMessage.request("cparam01").headers.contact)
        let inside = try #require(try TortureMessage.request("cparam02").headers.contact)

        #expect(outside.parameters.contains("unknownparam"))
        #expect(outside.uri.sipURI?.parameters.isEmpty == true)
        #expect(inside.uri.sipURI?.parameters.contains("unknownparam") == true)
        #expect(inside.parameters.isEmpty)
    }

    @Test("§3.3.14 regescrt: the escaped Route stays in the Contact URI")
    func regescrt() throws {
        let contact = try #require(try TortureMessage.request("regescrt").headers.contact)

        #expect(contact.uri.sipURI?.headers.map(\.name) == ["Route"])
    }

    @Test("survive the round trip through the serialiser", arguments: TortureMessage.valid)
    func roundTrip(name: String) throws {
        guard case .message(let message) = SIPMessageParser.parse(try TortureMessage.bytes(name)) else {
            Issue.record("\(name) is not parsed")
            return
        }
        let bytes =
            switch message {
            case .request(let request): request.serialised()
            case .response(let response): response.serialised()
            }
        guard case .message(let again) = SIPMessageParser.parse(bytes) else {
            Issue.record("\(name) is not parsed again")
            return
        }

        let names = { (message: SIPMessage) in
            message.headers.fields.filter { $0.name.lowercased() != "content-length" }
        }
        #expect(names(again) == names(message))
    }

    @Test(
        "cut at any octet and changed at random trap nothing",
        arguments: TortureMessage.valid + TortureMessage.rejected + TortureMessage.discarded
    )
    func hostile(name: String) throws {
        let bytes = try TortureMessage.bytes(name)
        for length in stride(from: 0, to: bytes.count, by: bytes.count > 2000 ? 37 : 1) {
            _ = SIPMessageParser.parse(Array(bytes[..<length]))
        }
        var random = SplitMix64(seed: 4475)
        for _ in 0..<200 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if case .message(let message) = SIPMessageParser.parse(mutated) {
                _ = message.headers.contacts
                _ = message.headers.routes
                _ = message.headers.contentType
            }
        }
    }
}
