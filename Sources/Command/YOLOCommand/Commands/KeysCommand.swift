import ArgumentParser

/// `yolo keys`: makes, lists and revokes the keys of `yolo serve`.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Makes, lists and revokes the keys of yolo serve.",
    subcommands: [KeysCommandCreate.self, KeysCommandList.self, KeysCommandRevoke.self])
}
