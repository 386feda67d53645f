import ArgumentParser

#if Server
import YOLOServer
#endif

/// `yolo keys create`: makes a key and shows it, once.
struct KeysCommandCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Makes a key and prints it, this once.")

  @Option(help: "What to call the key, such as who gets it.")
  var name: String

  @Option(
    help: ArgumentHelp(
      "Models that the key may use, joined by commas; all if not given.", valueName: "a,b"))
  var models: String?

  @OptionGroup var location: KeysCommandDatabase
}

#if Server
extension KeysCommandCreate {
  func perform() async throws {
    let store = try location.open(creates: true)
    let (key, record) = try await store.create(
      name: name,
      models: models.map {
        Set($0.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
      })
    StandardError.write(
      "Key \(record.id), \"\(record.name)\", is in \(store.path). "
        + "Only its hash is stored: it cannot be shown again.\n")
    StandardOutput.write("\(key)\n")
  }
}
#endif
