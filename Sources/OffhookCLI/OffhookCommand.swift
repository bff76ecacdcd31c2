internal import ArgumentParser

/// The command line tool; each command has a file of its own.
@main
struct OffhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offhook",
        abstract: "A headless SIP and WebRTC endpoint for servers.",
        version: Version.text,
        subcommands: [RegistrarCommand.self]
    )
}
