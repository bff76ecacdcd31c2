internal import ArgumentParser
internal import Foundation
internal import LocalRegistrar
internal import NetworkDriver
internal import Offhook
internal import SansIO

/// `offhook registrar`: the embedded registrar by itself.
struct RegistrarCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registrar",
        abstract: "Runs a small SIP-over-WebSocket registrar for tests and development.",
        discussion: """
            The users file is a YAML mapping of user names to passwords. Without one, two users with random passwords \
            are made up and printed.
            """
    )

    @Option(help: "Where to listen; another address than loopback must be asked for.")
    var listen = "ws://127.0.0.1:8088"

    @Option(help: "A YAML file of users and passwords.")
    var users: String?

    func run() async throws {
        guard let url = WebSocketURL(listen), !url.isSecure else {
            throw ValidationError("--listen \(listen): expected ws://ADDRESS:PORT")
        }
        let signals = StopSignals()
        let accounts = try users.map(readUsers) ?? madeUpUsers()
        var listener = WebSocketServerConfiguration()
        listener.host = url.host
        listener.port = url.port
        let registrar = try await RegistrarServer.start(
            domain: url.host,
            users: accounts,
            listener: listener,
            random: RandomSource(SystemRandomNumberGenerator())
        ) { event in
            switch event {
            case .registered(let user, let contact): Console.note("registered \(user) at \(contact)")
            case .unregistered(let user): Console.note("unregistered \(user)")
            }
        }
        Console.note("listening on \(url), domain \(url.host), \(accounts.count) users; Ctrl-C ends it")
        await signals.wait()
        await registrar.shutDown()
    }

    private func readUsers(_ path: String) throws -> [String: Redacted<String>] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            Console.note("\(path): \(error.localizedDescription)")
            throw ExitCode(configurationError)
        }
        do {
            let environment = ProcessInfo.processInfo.environment
            let documents = try ConfigurationFile.parse(text, name: path, environment: environment)
            var accounts: [String: Redacted<String>] = [:]
            for entry in try documents.first?.map("users") ?? [] {
                accounts[entry.key] = Redacted(try entry.value.string(entry.key, secret: true))
            }
            return accounts
        } catch {
            Console.note("\(error)")
            throw ExitCode(configurationError)
        }
    }

    private func madeUpUsers() -> [String: Redacted<String>] {
        var random = RandomSource(SystemRandomNumberGenerator())
        var accounts: [String: Redacted<String>] = [:]
        for user in ["alice", "bob"] {
            let password = random.string(count: 16)
            Console.note("user \(user), password \(password)")
            accounts[user] = Redacted(password)
        }
        return accounts
    }
}

/// EX_CONFIG of sysexits.h.
private let configurationError: Int32 = 78
