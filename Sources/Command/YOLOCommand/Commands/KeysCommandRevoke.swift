import ArgumentParser

#if Server
import YOLOServer
#endif

/// `yolo keys revoke`: ends a key for ever.
struct KeysCommandRevoke: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revokes a key for ever; running servers refuse it within two seconds.")

  @Argument(help: "The number of the key, as yolo keys list has it.")
  var id: Int

  @OptionGroup var location: KeysCommandDatabase
}

#if Server
extension KeysCommandRevoke {
  func perform() async throws {
    let record = try await location.open(creates: false).revoke(id: id)
    StandardError.write("Key \(record.id), \"\(record.name)\", is revoked.\n")
  }
}
#endif
